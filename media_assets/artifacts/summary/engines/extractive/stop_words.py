"""Words that say nothing about the subject, by language.

English is scikit-learn's list and what people say while they think; the lists below hold the most frequent function
words, and `stopwordsiso` those of some fifty languages more. A language without a list gets by with short words and
with how often a word comes up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import chain

from media_assets.artifacts.summary.engines.extractive.words import bare, is_hiragana, term
from media_assets.base.words import is_unspaced

_MANY_SENTENCES = 30
_FREQUENT_SHARE = 0.4
_SHORT_LETTERS = 3
_PARTICLES = frozenset(
    "は が を の に で と も へ や か ね よ から まで より など だけ だ です でし では には とは".split()  # noqa: SIM905
)
"""What follows a Japanese noun; what follows the stem of a verb is none of these."""
_LONGEST_PARTICLE = 2
"""Letters of Hiragana; nearly all words of the subject have others."""
_END_OF_GREEK_AND_CYRILLIC = 0x530
"""Code points below are alphabets of Europe, where short words mostly are function words; elsewhere they are not."""

_SPOKEN_ENGLISH = """
uh um er ah eh oh hmm mm yeah yes yep no nope okay ok right well like just really actually basically literally
obviously kind sort thing things stuff something anything everything nothing lot lots bit little way ways going
gonna want wanna wants know knows think thinks thought mean means say says said saying look looks looking see seen
sees got gets getting go goes went come comes came coming make makes made making take takes took taking let lets
need needs use used uses using talk talks talking tell tells told try tries trying work works guess maybe probably
pretty quite people person guys today now then there here time times day good great nice new don't doesn't didn't
isn't aren't wasn't weren't won't wouldn't can't couldn't shouldn't haven't hasn't hadn't ain't i'm i've i'll i'd
you're you've you'll you'd we're we've we'll we'd they're they've they'll they'd he's she's it's that's there's
here's what's let's who's does did doing done having being thank thanks hello hi welcome please sure course example
question questions one two three first second next point start started
"""

# Subjects that scikit-learn's list counts as stop words (cf. Nothman, Qin, Yurchak 2018, "Stop Word Lists in Free
# Open-source Software Packages").
_CONTENT_IN_SKLEARN = frozenset({"bill", "cry", "detail", "fire", "interest", "mill", "system"})

_LISTS = {
    "am": """
እና ነው ነበር ነበሩ ናቸው ላይ ውስጥ ወደ ከ በ ለ የ እንደ ግን ወይም ይህ ይህን ይህም ያ እነዚህ እነዚያ እኔ እኛ አንተ አንቺ እናንተ እሱ እሷ እነሱ ስለ ብቻ ሁሉ ሁሉም
አንድ ሌላ ሌሎች ጋር በጣም ደግሞ አለ አሉ አላቸው የለም አይደለም ሆነ ሆኖ ሲሆን እንዲሁም ምን ማን የት መቼ ለምን እንዴት ዛሬ አሁን በኋላ በፊት እስከ ከዚህ በዚህ እዚህ
እዚያ ብዙ ጥቂት ሰላም አመሰግናለሁ እንኳን ደህና ጊዜ መካከል ምክንያቱም ስለዚህ ከሆነ ማለት
""",
    "ka": """
და რომ არის იყო ეს ის ამ იმ მე შენ ჩვენ თქვენ ისინი მათ მის მისი ჩემი ჩვენი თქვენი არ არა კი ასევე მაგრამ ან თუ
როცა როდესაც რა ვინ სად როგორ რატომ რომელიც რომელსაც ყველა ერთი ორი სხვა ძალიან უფრო მხოლოდ უნდა შეიძლება იქნება
აქვს აქვთ აქ იქ ახლა დღეს შემდეგ მერე წინ შესახებ მიერ დროს თან ძალზე რაც ხოლო რადგან ამიტომ გამარჯობა გმადლობთ
თავისი ვართ არიან იყვნენ
""",
    "ta": """
ஒரு என்று மற்றும் இந்த அந்த இது அது இவை அவை நான் நாம் நாங்கள் நீ நீங்கள் அவர் அவள் அவன் அவர்கள் என் எங்கள் நமது
உங்கள் அவரது தான் உள்ள உள்ளது உள்ளன இல்லை அல்லது ஆனால் மேலும் என்ற என்பது என்ன எப்படி ஏன் எங்கே எப்போது யார்
எந்த எல்லா அனைத்து பல சில மிக மிகவும் போது பின்னர் பிறகு முன் வரை இருந்து மூலம் பற்றி போல கொண்டு செய்து
இருக்கும் இருக்கிறது இருந்தது வேண்டும் முடியும் இங்கே அங்கே இன்று இப்போது நன்றி வணக்கம் கூட மட்டும் எனவே அதனால்
ஆகும்
""",
    "hi": """
का की के को में से ने पर है हैं हो था थी थे और या कि जो यह वह ये वे इस उस इन उन इसे उसे हम मैं आप तुम वो भी ही तो तक
लिए साथ बाद एक कुछ कोई क्या क्यों कैसे कब कहाँ कौन सब सभी अब जब तब यहाँ वहाँ अगर लेकिन मगर नहीं न मत हाँ जी कर करना करने
करते करें करेंगे किया गया गई गए जाता जाती जाते रहा रही रहे हुआ हुई हुए होता होती होते होना चाहिए सकते सकता सकती वाला
वाले वाली अपना अपने अपनी हमने हमारे मेरा मेरे आपका आपके बहुत आज फिर अधिक कम द्वारा तरह
""",
    "vi": """
và là của có các những một này đó được cho với trong khi đã đang sẽ không như từ để ra vào lên xuống cũng rất nhiều hơn
nhất thì mà nếu vì nên bởi tại về theo trên dưới tôi chúng ta tớ mình bạn anh chị em họ nó ông bà hôm nay đây kia gì ai
nào đâu mỗi mọi cả hay hoặc nhưng rồi còn nữa lại đến đi làm phải cần muốn thế vậy ấy à ạ nhé nhỉ ừ vâng dạ đều chỉ
xin chào cảm ơn bây giờ
""",
    "de": """
aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis bist dabei dafür damit
dann drei du durfte durften im ins konnte konnten musste mussten sollten wollte wollten worin wobei ganze ganzen
daran darauf das dass davon dazu dein dem den denn der des deshalb dessen deswegen die dies diese diesem diesen
dieser dieses doch dort durch eben ein eine einem einen einer eines einfach einmal er es etwas euch euer für ganz
genau gibt ging gut haben habe hast hat hatte hatten hier hin ich ihm ihn ihnen ihr ihre ihrem ihren immer in ist ja
jede jedem jeden jeder jedes jetzt kann kannst kein keine keinen können könnte machen mal man mehr mein meine mit
mir mich muss müssen nach natürlich nicht nichts noch nun nur oder ohne schon sehr sein seine seinem seinen sich sie
sind so solche soll sollte sondern sonst über um und uns unser unsere unter viel viele vom von vor war waren warum
was weil welche wenn wer werde werden wie wieder wir wird wirklich wo wollen worden wurde wurden würde zu zum zur
zwar zwei zwischen
""",
    "fr": """
alors après au aucun aussi autre autres aux avant avec avez avoir avons bien car ce ceci cela celle celles celui ces
cet cette ceux chaque chez comme comment dans de des deux dire dit donc dont du elle elles en encore ensuite entre
est et était étaient été être eux fait faire faut fois ici il ils je la là le les leur leurs lui mais même mes moi
moins mon ne nos notre nous on ont ou où par parce pas peu peut peuvent plus pour pourquoi quand que quel quelle
quelles quelque quelques quels qui quoi sa sans se sera ses si son sont sous sur suis ta tes toi ton tous tout toute
toutes très trop tu un une va vers voilà voir vos votre vous vraiment y ça c'est d'un d'une j'ai l'on n'est qu'il
qu'on s'il
""",
    "es": """
ahora al algo alguna algunas alguno algunos ante antes aquí así aunque bien cada como con contra cosa cosas cuál
cuando cuanto de del desde donde dos durante el él ella ellas ellos en entonces entre era eran es esa esas ese eso
esos esta está están estas este esto estos fue fueron gracias ha había hace hacer han hasta hay la las le les lo los
más me mi mis mismo mucho muchos muy nada ni no nos nosotros nuestra nuestro o otra otras otro otros para pero poco
por porque puede pueden pues que qué quien quién se sea según ser será si sí sido sin sobre solo son su sus también
tan tanto te tener tengo tiene tienen todo todos tu tus un una unas uno unos usted ustedes va vamos ver verdad voy y
ya yo
""",
    "it": """
abbiamo adesso ai al alla alle allora altra altre altri altro anche ancora avere aveva bene c'è che chi ci ciò come
con cosa cose così cui da dal dalla dalle degli dei del della delle dello dentro di dire dopo dove due e è ecco era
erano essere fa fare fatto fino fra gli grazie ha hanno ho i il in infatti io la le lei li lo loro lui ma mai me
meno mi mio molto ne nei nel nella nelle nessuno noi non nostra nostro o ogni per perché però più poco poi possiamo
può qua quale qualcosa quando quanto quella quelle quelli quello questa queste questi questo qui quindi se sempre
senza si sia siamo solo sono sopra sotto sta stata stato su sua sue sul sulla suo tra tu tutta tutte tutti tutto un
una uno vi voi
""",
    "pt": """
agora ainda algo alguma algum alguns ao aos aqui as assim até bem cada com como contra da das de dela dele deles
depois desde dessa desse desta deste disso do dois dos e é ela elas ele eles em então entre era eram essa essas esse
esses esta está estão estas este estes eu faz fazer foi foram gente há isso isto já la lá lhe mais mas me mesmo meu
minha muita muito muitos na nada não nas nem no nos nós nossa nosso num numa o obrigado onde os ou outra outras
outro outros para pela pelo pode podem por porque pouco qual quando que quem se sem sempre ser será seu seus só
sobre são sua suas também tão tem têm tinha toda todas todo todos tu tudo um uma umas uns vai vamos você vocês vou
""",
    "nl": """
aan al alle alleen als altijd andere ben bent bij daar dan dat de deze die dit doen door dus echt een eens en er
even gaan gaat geen goed haar had hebben hebt heb heeft heel hem het hier hij hoe hun iets ik in is ja je jij jou
jouw jullie kan kunnen maar meer met mij mijn moet moeten na naar niet niets nog nu of om omdat ons onze ook op over
te tegen toch toen tot twee u uit uw van veel voor waar wanneer want waren was wat we wel welke werd wie wij wil
worden wordt zal ze zelf zich zij zijn zo zou zullen
""",
}


_LIKE = {"nn": "no", "nb": "no", "bs": "hr", "fil": "tl", "yue": "zh"}
"""Whose list serves a language that has none of its own."""
_MISSING_IN_PUBLISHED = {
    # The published list is garbled for the most part.
    "ur": """
کا کی کے کو میں سے نے پر ہے ہیں ہو تھا تھی تھے اور یا کہ جو یہ وہ اس ان ہم آپ تم بھی ہی تو تک لیے ساتھ بعد ایک
کچھ کوئی کیا کیوں کیسے کب کہاں کون سب اب جب تب یہاں وہاں اگر لیکن مگر نہیں نہ مت جی کر کرنا کرنے کرتے کریں گیا
گئی گئے جاتا جاتی جاتے رہا رہی رہے ہوا ہوئی ہوئے ہوتا ہوتی ہوتے ہونا چاہیے سکتے سکتا سکتی والا والے والی اپنا
اپنے اپنی ہمارے میرا میرے آپکا بہت آج پھر بارے بات ہر
""",
    "hy": """
այս այդ այն սա դա նա մենք դուք նրանք ես եմ է ենք եք են էր էին չի չէ ոչ այո բայց կամ և ու որ որը որոնք թե եթե երբ
որտեղ ինչ ով ինչու ինչպես շատ քիչ բոլոր ամեն մեկ երկու հետ հետո առաջ մեջ մասին համար մինչև նաև միայն արդեն դեռ
հիմա այսօր այստեղ այնտեղ մեր ձեր նրա իմ պետք կարող եղել լինի կլինի ապա քանի որպեսզի
""",
    "ko": """
것 수 등 및 더 또 이 그 저 제 우리 저희 여러분 오늘 지금 그리고 그래서 그러나 하지만
합니다 있습니다 입니다 했습니다 됩니다 대해 대한 가장 모든 부분입니다
""",
    "fa": """
است اند بود بودند شد شده می‌شود می‌کنیم می‌کند کنیم کنند کرد کرده هست هستند هم ها های ای ما شما آنها
""",
    "uk": """
це цей ця ці той та те ті ми ви вони він вона воно який яка яке які що щоб як так ні не на в у з зі до від для
про при
""",
}

# By ICU's words. They are taken for every language: a talk in one script may quote another.
_UNSPACED = {
    "ja": """
こと もの ため よう それ これ あれ そこ ここ どこ です ます でした ました ません ある する なる れる られる この
その あの どの ような という として とは について において に対して により によって による によると から まで
より など だけ けど けれど けれども しかし また そして それで それでは だから つまり 私 私たち 皆さん 何 今 今日
今回 さん とても もっと ちょっと はい ええ えっと えー うん でも では 言う 思う 行う 時 中 的 いう おり いただく
ください お願い ありがとう ございます 話 話し お話し
""",
    "zh": """
的 了 在 是 我 你 他 她 它 们 我们 你们 他们 这 那 这个 那个 这些 那些 这样 和 与 也 都 就 不 没 没有 有 很 会 能 可以
要 到 说 对 上 下 中 为 以 及 以及 来 去 把 被 让 从 而 但 但是 如果 因为 所以 一个 一 一些 一种 什么 怎么 哪些 应该 吧
吗 呢 啊 嗯 还 还有 再 又 之 其 个 年 大家 今天 现在 一下 时候 非常 通过 进行 各 越 等 很多 得 地 着 过 给 每 使 谢谢
們 我們 你們 他們 這 這個 那個 這些 沒 沒有 會 說 對 為 來 讓 從 還 個 因為 應該 時候 現在 嗎 與 過 給 著 謝謝
""",
    "th": """
ที่ และ ใน ของ เป็น มี ได้ ไม่ ให้ ว่า จะ กับ การ ความ ก็ นี้ นั้น แล้ว จาก หรือ แต่ เรา เขา ฉัน ผม คุณ มัน ครับ ค่ะ คะ
นะ ไป มา อยู่ คือ ซึ่ง โดย เพื่อ ถ้า เมื่อ ต้อง อย่าง มาก ทุก ท่าน อีก ยัง ด้วย ทำ กัน ขึ้น ลง เข้า ออก สู่ ถึง ตาม แบบ บาง
หลาย อะไร ทำไม เพราะ ดังนั้น สวัสดี ขอบคุณ ผู้ พวก นั่น นี่ วันนี้ ตอน เวลา
""",
    "km": """
នៃ និង ជា ដែល នេះ នោះ មាន ក្នុង ដើម្បី បាន ទៅ មក ពី ដោយ នៅ ថា ការ យើង ខ្ញុំ គាត់ អ្នក គឺ ក៏ មិន ទេ ឬ ទាំងអស់ គ្នា
""",
    "lo": """
ແລະ ທີ່ ໃນ ຂອງ ເປັນ ມີ ໄດ້ ບໍ່ ໃຫ້ ວ່າ ຈະ ກັບ ການ ຄວາມ ນີ້ ນັ້ນ ແລ້ວ ຈາກ ຫຼື ແຕ່ ເຮົາ ພວກ ໄປ ມາ ຢູ່ ຄື ກໍ
""",
    "my": """
သည် တွင် နှင့် ၏ ကို မှ က များ ဖြစ် သော ပါ တယ် မယ် ဒီ အဲဒီ ကျွန်တော် ကျွန်မ တို့ ရှိ လည်း မ ခဲ့ နေ
""",
}
STOP_WORDS_WITHOUT_BLANKS = frozenset(chain.from_iterable(words.split() for words in _UNSPACED.values()))


@cache
def stop_words(language: str) -> frozenset[str]:
    """Stop words of a language by its ISO 639-1 code; none for a language that is not known here."""
    code = language.lower().split("-")[0]
    if code == "en":
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        english = (frozenset(ENGLISH_STOP_WORDS) - _CONTENT_IN_SKLEARN) | frozenset(_SPOKEN_ENGLISH.split())
        return english | STOP_WORDS_WITHOUT_BLANKS
    if _LIKE.get(code, code) in _UNSPACED:
        return STOP_WORDS_WITHOUT_BLANKS
    listed = frozenset(_LISTS[code].split()) if code in _LISTS else _published(_LIKE.get(code, code))
    return listed | STOP_WORDS_WITHOUT_BLANKS if listed else listed


def _published(code: str) -> frozenset[str]:
    import stopwordsiso

    listed = stopwordsiso.stopwords(code) if stopwordsiso.has_lang(code) else ()
    return frozenset(map(bare, map(term, (*listed, *_MISSING_IN_PUBLISHED.get(code, "").split()))))


def derived_stop_words(documents: Sequence[Sequence[str]]) -> frozenset[str]:
    """Stop words where there is no list, from the terms of each sentence: short ones, and those in two of five."""
    counts = Counter(word for document in documents for word in set(document))
    many = len(documents) >= _MANY_SENTENCES
    return STOP_WORDS_WITHOUT_BLANKS | frozenset(
        word
        for word, count in counts.items()
        if (many and count > len(documents) * _FREQUENT_SHARE)
        or (len(word) <= _SHORT_LETTERS and ord(word[0]) < _END_OF_GREEK_AND_CYRILLIC)
    )


def is_stem(word: str, following: str) -> bool:
    """Whether it is the beginning of a Japanese verb, which ICU parts from its ending: no subject, and half a word."""
    begins = is_unspaced(word) and (len(word) == 1 or is_hiragana(word[-1]))
    return begins and following != "" and all(map(is_hiragana, following)) and following not in _PARTICLES


def is_content(word: str, stops: frozenset[str]) -> bool:
    """Whether a word can be a subject: no stop word, no bare number, no single letter, no particle.

    Args:
        word: As `term` gives it.
    """
    if word in stops or bare(word) in stops or not any(char.isalpha() for char in word):
        return False
    if len(word) > 1:
        return len(word) > _LONGEST_PARTICLE or not all(map(is_hiragana, word))
    return is_unspaced(word) and not is_hiragana(word)
