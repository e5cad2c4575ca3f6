"""What the languages that Whisper knows are called: in English, and as those who speak them write it."""

from __future__ import annotations

import unicodedata

# From `LANGUAGES` in whisper/tokenizer.py of openai/whisper.
_NAMES = """
af=afrikaans am=amharic ar=arabic as=assamese az=azerbaijani ba=bashkir be=belarusian bg=bulgarian bn=bengali
bo=tibetan br=breton bs=bosnian ca=catalan cs=czech cy=welsh da=danish de=german el=greek en=english es=spanish
et=estonian eu=basque fa=persian fi=finnish fo=faroese fr=french gl=galician gu=gujarati ha=hausa haw=hawaiian he=hebrew
hi=hindi hr=croatian ht=haitian_creole hu=hungarian hy=armenian id=indonesian is=icelandic it=italian ja=japanese
jw=javanese ka=georgian kk=kazakh km=khmer kn=kannada ko=korean la=latin lb=luxembourgish ln=lingala lo=lao
lt=lithuanian lv=latvian mg=malagasy mi=maori mk=macedonian ml=malayalam mn=mongolian mr=marathi ms=malay mt=maltese
my=myanmar ne=nepali nl=dutch nn=nynorsk no=norwegian oc=occitan pa=punjabi pl=polish ps=pashto pt=portuguese
ro=romanian ru=russian sa=sanskrit sd=sindhi si=sinhala sk=slovak sl=slovenian sn=shona so=somali sq=albanian sr=serbian
su=sundanese sv=swedish sw=swahili ta=tamil te=telugu tg=tajik th=thai tk=turkmen tl=tagalog tr=turkish tt=tatar
uk=ukrainian ur=urdu uz=uzbek vi=vietnamese yi=yiddish yo=yoruba yue=cantonese zh=chinese
"""
# From `TO_LANGUAGE_CODE` there.
_OTHER_NAMES = """
my=burmese ca=valencian nl=flemish ht=haitian lb=letzeburgesch ps=pushto pa=panjabi ro=moldavian ro=moldovan
si=sinhalese es=castilian zh=mandarin
"""
# What else is in use: other spellings of CLDR and ISO 639, and how the languages are written at home beside the below.
_MORE_NAMES = """
fa=farsi bn=bangla no=norwegian_bokmål no=bokmål no=norsk_bokmål nn=norwegian_nynorsk sr=serbo-croatian
tl=filipino tl=pilipino ht=creole he=ivrit el=modern_greek my=myanmar_(burmese) ms=bahasa_melayu id=bahasa_indonesia
zh=汉语 zh=漢語 zh=普通话 zh=國語 zh=简体中文 zh=繁體中文 zh=华语 zh=putonghua yue=粵语 yue=廣東話 yue=广东话
ko=한국말 jw=basa_jawa sa=संस्कृतम् haw=ʻōlelo la=latine
"""
# The languages' names for themselves in CLDR 47 (Babel 2.19), in small letters.
_OWN_NAMES = """
af=afrikaans am=አማርኛ ar=العربية as=অসমীয়া az=azərbaycan ba=башҡорт be=беларуская bg=български bn=বাংলা
bo=བོད་སྐད་ br=brezhoneg bs=bosanski ca=català cs=čeština cy=cymraeg da=dansk de=deutsch el=ελληνικά
en=english es=español et=eesti eu=euskara fa=فارسی fi=suomi fo=føroyskt fr=français gl=galego gu=ગુજરાતી
ha=hausa haw=ʻōlelo_hawaiʻi he=עברית hi=हिन्दी hr=hrvatski ht=kreyòl_ayisyen hu=magyar hy=հայերեն id=indonesia
is=íslenska it=italiano ja=日本語 jw=jawa ka=ქართული kk=қазақ_тілі km=ខ្មែរ kn=ಕನ್ನಡ ko=한국어 la=latina
lb=lëtzebuergesch ln=lingála lo=ລາວ lt=lietuvių lv=latviešu mg=malagasy mi=māori mk=македонски ml=മലയാളം
mn=монгол mr=मराठी ms=melayu mt=malti my=မြန်မာ ne=नेपाली nl=nederlands nn=norsk_nynorsk no=norsk oc=occitan
pa=ਪੰਜਾਬੀ pl=polski ps=پښتو pt=português ro=română ru=русский sa=संस्कृत_भाषा sd=سنڌي si=සිංහල sk=slovenčina
sl=slovenščina sn=chishona so=soomaali sq=shqip sr=српски su=basa_sunda sv=svenska sw=kiswahili ta=தமிழ்
te=తెలుగు tg=тоҷикӣ th=ไทย tk=türkmen_dili tl=filipino tr=türkçe tt=татар uk=українська ur=اردو uz=o‘zbek
vi=tiếng_việt yi=ייִדיש yo=èdè_yorùbá yue=粵語 zh=中文
"""


def _by_name(rows: str) -> dict[str, str]:
    return {
        unicodedata.normalize("NFC", name.replace("_", " ")): code
        for code, name in (r.split("=") for r in rows.split())
    }


WHISPER_CODES = frozenset(_by_name(_NAMES).values())
"""Those of ISO 639-1 where there is one. `jw` is its own for Javanese."""
CODES = _by_name(_OWN_NAMES) | _by_name(_MORE_NAMES) | _by_name(_NAMES) | _by_name(_OTHER_NAMES)
"""Each code by the names in small letters."""
