"""Who speaks: from sound to turns of voices, from turns to the words of a transcript, from voices to people's names.

weights, legacy_pickle   the network's weights, as Resemblyzer brings them
mel, network             sound -> numbers that are near each other where the same voice speaks
regions, embedding       a recording in pieces of a second and a half that somebody speaks in
clustering, smoothing    pieces -> voices, and who speaks at every tenth of a second
diarizing                all of it, for recordings of hours
assigning                who says each word of a transcript
people, naming           people.yaml, and whose voice it is

What is said does not belong here: that is `engines` and `hearing`; nor how a transcript with speakers is written.
"""
