"""A meeting, a lecture and an interview, in English and in German, as engines write what they hear."""

from __future__ import annotations

import re

from media_assets.artifacts.transcript.value import Transcript
from media_assets_tests.artifacts.summary.transcripts import transcript

MEETING_EN = """
Okay, good morning everybody. Can you all hear me? Great. So, let's get started, we have a lot to get through today.
The main point is the new website. As you know, the old website is nearly ten years old, and we get complaints about
it every week. Maria, do you want to say something about the numbers? Sure, thanks, Tom. Last month forty percent of
the visitors left the website before the first page had loaded. On phones it was more than half. That is really bad.
The server is slow, and the pictures are far too large. We looked at three agencies. The first one wants sixty
thousand, the second one forty, and the third one would not tell us a price before they had seen our content. I
would go with the second one. They built the website of the city library, and that works very well on phones. What
about the shop? Well, the shop is the difficult part. The second agency has never built a shop with our payment
provider. They would need six more weeks for that. So the new website could be online in May, and the shop in July.
I think that is acceptable. Are there any objections? Okay. Then let us talk about the budget. We have fifty
thousand in the budget for the website this year. That includes the photos. If the agency costs forty, there are ten
left for photos and texts. We should not write the texts ourselves again, that took us five months the last time. I
agree. Peter, can you ask the two writers from the annual report whether they have time in March? Yes, I will do
that. Please send me their offers by Friday. The next point is the move to the new office. The lease for the new
office starts on the first of June. The landlord has agreed to paint the rooms before that. We have to decide who
sits where. There will be fewer desks than people, because most of you work from home two days a week. I know that
some of you are not happy about sharing desks. We will try it for three months, and then we will ask everybody. The
meeting rooms are larger than here, and there is a kitchen on every floor. Does the new office have room for
bicycles? Yes, there is a room for forty bicycles in the basement. Good. Then the last point, the summer party. Last
year it rained, so this year we would like to have it indoors. Susan has found a boat on the river. It costs three
thousand for one evening, with food. That sounds wonderful. Let us take the boat. Okay, to sum up. Maria signs the
contract with the second agency. Peter asks the writers. Everybody looks at the plan of the new office and writes
their wishes into it until next Wednesday. Thank you very much, and see you next week.
"""
LECTURE_EN = """
Good afternoon and welcome to the third lecture of this course. My name is Helen Carter. Today we are going to talk
about photosynthesis. Photosynthesis is the way in which plants turn light into sugar. Almost everything that you
eat goes back to it. The oxygen that you breathe comes from it as well. Let me begin with a simple question. Where
does the mass of a tree come from? Most people say that it comes from the soil. In the seventeenth century a man
called van Helmont planted a willow in a pot. He weighed the soil before and after five years. The willow had gained
more than seventy kilograms, and the soil had lost almost nothing. He thought that the mass came from the water.
Today we know that most of it comes from the air. The carbon of the tree was carbon dioxide before. Now, where in
the plant does this happen? It happens in the chloroplasts. A chloroplast is a small green body inside the cell. It
has membranes inside, which are called thylakoids, and they lie on each other like coins. The green colour is
chlorophyll. Chlorophyll absorbs red and blue light, and it reflects green light. That is why leaves look green to
us. The process has two parts. The first part is called the light reactions. The light reactions take place in the
membranes of the thylakoids. Light hits the chlorophyll and lifts an electron to a higher level of energy. The
electron is passed on from one molecule to the next, and in the end its energy is stored in two substances, ATP and
NADPH. The electron that was lost has to be replaced. It is taken from water. Water is split, and oxygen is what is
left over. So the oxygen in the air is a waste product of plants. The second part is the Calvin cycle. The Calvin
cycle does not need light directly. It takes carbon dioxide from the air and builds sugar from it, with the energy
that the light reactions have stored. The most important enzyme of the Calvin cycle is called rubisco. Rubisco is
probably the most abundant protein on earth. It is also a very slow enzyme. It handles three molecules in a second,
where other enzymes handle thousands. And it makes mistakes. Sometimes rubisco takes oxygen instead of carbon
dioxide. Then the plant loses energy. This is called photorespiration. Some plants have found a way around this.
Maize and sugar cane are called C4 plants. They collect carbon dioxide in special cells, so that rubisco hardly ever
meets oxygen. That is why maize grows so well in hot and dry places. Cactuses do it in another way. They open their
pores at night only, and store the carbon dioxide until the morning. Why should we care about all this? There will
be ten billion people on earth. Researchers are trying to build a better rubisco, or to give rice the tricks of
maize. If they succeed, rice could yield half as much again. Next week we will talk about how plants breathe. Please
read chapter four until then. Thank you.
"""
INTERVIEW_EN = """
Welcome back to the show. With me today is Laura Bennett, who has been repairing clocks for more than thirty years.
Laura, thank you for coming. Thank you for having me. How does one become a clockmaker? By accident, in my case. My
grandfather had a clock that stopped on the day he died, and nobody could repair it. I was seventeen, and I took it
apart on the kitchen table. Did you get it back together? Not for two years. My mother was not amused. And then?
Then I found an old clockmaker in Bristol who let me watch him work. I went there every Saturday. After a year he
gave me my first clock to repair. What is the most common fault of an old clock? Dirt. People oil their clocks
themselves, and they use far too much oil. The oil collects dust, the dust becomes a paste, and the paste grinds the
wheels away. If you do only one thing for your clock, do not oil it. That is good advice. What is the oldest clock
that you have ever repaired? That was a church clock from the sixteenth century. It was made by a blacksmith. You
could see every blow of his hammer. The clock had been running for four hundred years, and it was wrong by half an
hour a day, and nobody minded. Why did nobody mind? Because everybody in the village went by the same clock. It does
not matter whether a clock is right if it is the only one. That is a lovely thought. Do young people still learn the
trade? There are very few. There is one school left in this country, with twelve students a year. Most of them go to
the companies that make expensive watches. For tower clocks and for grandfather clocks there is hardly anybody. Who
will repair the clocks when you stop? I have an apprentice. Her name is Priya, and she is better than I was at her
age. She makes the parts with a computer. At first I did not like that. But a wheel that the computer has cut fits
at once, and I have to file mine for an hour. So machines do not worry you? No. A machine can make a wheel. It
cannot hear that a clock limps. You hear it? Of course. A healthy clock says tick and tock at equal distances. One
that limps does not. That is the first thing I do, I sit down and listen. Laura Bennett, thank you very much for
this conversation. It was a pleasure.
"""
MEETING_DE = """
So, guten Morgen zusammen. Sind alle da? Ja, dann fangen wir an. Wir haben heute drei Punkte. Der erste Punkt ist
die Sanierung der Turnhalle. Thomas, kannst du uns kurz sagen, wie es steht? Ja, gerne. Das Dach der Turnhalle ist
undicht, das wissen ja alle. Bei starkem Regen stehen Eimer auf dem Spielfeld. Wir haben zwei Angebote für das Dach
bekommen. Das erste Angebot liegt bei achtzigtausend Euro, das zweite bei fünfundneunzigtausend. Im zweiten Angebot
ist die Dämmung enthalten, im ersten nicht. Und was sagt die Gemeinde? Die Gemeinde gibt uns einen Zuschuss von
dreißig Prozent, wenn wir auch die Dämmung machen. Dann ist das zweite Angebot am Ende billiger. Genau. Deshalb
schlage ich vor, dass wir das zweite Angebot nehmen. Gibt es Einwände? Nein. Wer schreibt den Antrag an die
Gemeinde? Das mache ich, sagt Sabine. Der Antrag muss bis Ende März bei der Gemeinde sein. Während der Bauzeit ist
die Turnhalle für acht Wochen gesperrt. Das Kinderturnen zieht so lange in die Aula der Grundschule. Für die
Handballer haben wir noch keine Lösung. Wir müssen mit dem Nachbarverein reden, ob die Handballer dort trainieren
können. Kannst du das übernehmen, Markus? Ja, ich rufe morgen an. Gut. Der zweite Punkt sind die Mitgliedsbeiträge.
Wir haben die Beiträge seit sieben Jahren nicht erhöht. Die Heizkosten haben sich in dieser Zeit verdoppelt. Der
Vorstand schlägt vor, den Beitrag für Erwachsene um zwei Euro im Monat zu erhöhen. Für Kinder bleibt der Beitrag,
wie er ist. Ich finde das richtig, aber wir müssen es gut erklären. Sonst treten uns die Leute aus. Wir schreiben
einen Brief an alle Mitglieder, bevor wir in der Versammlung darüber abstimmen. Sabine, machst du einen Entwurf? Ja,
bis nächste Woche. Der dritte Punkt ist das Sommerfest. Das Sommerfest findet am zwölften Juli statt. Wir brauchen
noch Helfer für den Grill und für die Kinderspiele. Die Feuerwehr leiht uns wieder die Bänke. Wer kümmert sich um
die Getränke? Das macht wie immer der Getränkemarkt, der nimmt auch zurück, was übrig bleibt. Wunderbar. Dann war es
das für heute. Die nächste Sitzung ist am fünften April. Vielen Dank und einen schönen Abend noch.
"""
LECTURE_DE = """
Guten Tag, meine Damen und Herren. Ich begrüße Sie zu unserer Vorlesung über die Geschichte des Buchdrucks. Mein
Name ist Karin Vogel. Heute geht es um Johannes Gutenberg und um die Frage, warum seine Erfindung so schnell so
erfolgreich war. Vor Gutenberg wurden Bücher mit der Hand abgeschrieben. Ein Schreiber brauchte für eine Bibel
ungefähr drei Jahre. Ein Buch kostete deshalb so viel wie ein Haus. Gutenberg druckte in drei Jahren hundertachtzig
Bibeln. Was war nun seine Erfindung? Gedruckt wurde schon vorher, und zwar mit Holzschnitten. Für jede Seite musste
man eine Holzplatte schneiden. Gutenberg dagegen goss einzelne Buchstaben aus Metall. Diese beweglichen Lettern
konnte man immer wieder neu zusammensetzen. Das ist der Kern der Erfindung. In China gab es bewegliche Lettern schon
vierhundert Jahre früher, aus gebranntem Ton. Aber die chinesische Schrift hat viele tausend Zeichen, und unser
Alphabet hat sechsundzwanzig. Mit beweglichen Lettern lohnt sich das Alphabet viel mehr. Gutenberg war Goldschmied.
Er kannte sich mit Metall aus. Sein Handgießinstrument war vielleicht der wichtigste Teil der Erfindung. Damit
konnte ein Geselle am Tag mehrere tausend Lettern gießen, und alle waren genau gleich hoch. Die Druckerpresse selbst
war eine umgebaute Weinpresse. Auch die Farbe musste er neu erfinden, denn die Tinte der Schreiber hält nicht auf
Metall. Er nahm Ruß und Leinöl. Das Papier kam aus Italien. Papier war viel billiger als Pergament. Für eine Bibel
auf Pergament brauchte man die Häute von hundertsiebzig Kälbern. Ohne Papier hätte der Buchdruck sich nicht
durchgesetzt. Gutenberg selbst wurde mit seiner Erfindung nicht reich. Er hatte sich Geld geliehen, von einem Mann
namens Johannes Fust. Als die Bibeln fast fertig waren, verlangte Fust sein Geld zurück. Gutenberg verlor den
Prozess und seine Werkstatt. Fust verkaufte die Bibeln. Die Erfindung verbreitete sich trotzdem. Fünfzig Jahre
später gab es in Europa mehr als tausend Druckereien. Bis dahin waren ungefähr zehn Millionen Bücher gedruckt. Die
Folgen waren gewaltig. Luthers Schriften wären ohne den Buchdruck in Wittenberg geblieben. In zwei Wochen waren
seine Thesen in ganz Deutschland bekannt. Auch die Wissenschaft änderte sich. Ein gedrucktes Buch ist überall
gleich, und zwei Gelehrte können über dieselbe Seite reden. Fehler wurden gefunden und in der nächsten Auflage
verbessert. Der Buchdruck hat das Wissen aus den Klöstern geholt. Beim nächsten Mal sprechen wir über die ersten
Zeitungen. Vielen Dank für Ihre Aufmerksamkeit.
"""
INTERVIEW_DE = """
Herzlich willkommen zu einer neuen Folge. Ich bin Stefan Lang, und heute ist Frau Doktor Petra Neumann bei mir. Frau
Neumann, Sie sind Imkerin und Biologin. Schön, dass Sie da sind. Danke für die Einladung. Wie sind Sie zu den Bienen
gekommen? Durch meinen Großvater. Er hatte zwölf Völker hinter dem Haus, und ich durfte als Kind den Rauch machen.
Wie viele Bienen leben in einem Volk? Im Sommer sind es vierzigtausend, im Winter nur noch zehntausend. Stimmt es,
dass die Bienen sterben? Die Honigbiene stirbt nicht aus, die wird vom Imker gepflegt. Die Wildbienen sterben. In
Deutschland gibt es fast sechshundert Arten von Wildbienen, und die Hälfte davon ist bedroht. Woran liegt das? Die
Wildbienen finden keine Nahrung und keinen Platz für ihre Nester. Viele Wildbienen fliegen nur eine einzige Pflanze
an. Wenn diese Pflanze verschwindet, verschwindet auch die Biene. Was kann man im eigenen Garten tun? Lassen Sie
eine Ecke wild. Mähen Sie nur zweimal im Jahr. Ein sauberer Rasen ist für Bienen eine Wüste. Und was ist mit den
Insektenhotels aus dem Baumarkt? Die meisten sind leider nutzlos. Die Löcher sind ausgefranst, und daran reißen sich
die Bienen die Flügel auf. Drei Viertel der Wildbienen nisten ohnehin im Boden. Ein Haufen Sand ist besser als jedes
Insektenhotel. Das ist ja einfach. Ja, und es kostet nichts. Schaden die Honigbienen den Wildbienen? Das ist eine
schwierige Frage. In der Stadt stehen inzwischen so viele Bienenstöcke, dass die Nahrung knapp wird. Wer den
Wildbienen helfen will, sollte Blumen pflanzen und keine Bienenstöcke aufstellen. Das sagen Sie als Imkerin? Das
sage ich als Biologin. Was wünschen Sie sich von der Politik? Mehr Blühstreifen an den Feldern, und zwar
mehrjährige. Ein Blühstreifen, der im Herbst umgepflügt wird, tötet die Larven, die darin überwintern. Dann ist er
eine Falle. Frau Neumann, ich danke Ihnen für das Gespräch. Sehr gerne.
"""


def talk(text: str, language: str) -> Transcript:
    """Each sentence a segment."""
    return transcript(re.split(r"(?<=[.!?])\s+", " ".join(text.split())), language)
