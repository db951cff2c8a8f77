"""Phrases in English, German, French and Spanish."""

from tests.memory.quotes.pair import Language

ENGLISH = Language(
    name="English",
    told=(
        "Just so you know, [the supplier raised steel prices last week], so the quote is off.",
        "Between us: [Marta will leave the company in spring], please keep it quiet.",
        "I put it [under the blue flowerpot behind the garage] this morning.",
        "We found out that [the night backup silently skips encrypted volumes], sadly.",
        "The doctor said [my knee needs surgery before winter comes], so no skiing.",
        "For the party [we rented a boat on the northern lake], don't tell Tom!",
        "Honestly, [our biggest customer wants to cancel the contract] over the delays.",
        "My [grandmother hid her savings inside an old piano], imagine that.",
    ),
    short=(
        "the cellar door sticks badly",
        "Grandpa's violin was secretly sold",
        "my sister is expecting twins",
    ),
    carried=(
        "hey, it is {} if you want to try it yourself",
        "Please write down {} for the team, we will need it on the weekend.",
        "{}",
    ),
    openings=(
        "Sure, here is what I have:",
        "As mentioned earlier in this channel,",
        "Let me sum up what people said so far.",
    ),
    closings=(
        "I would plan around that and ask again tomorrow.",
        "That is all there is at the moment.",
        "Shall I add it to the list for Friday?",
    ),
    returned=(
        "You were told to use {}, so that should work.",
        "It's {}.",
        "I noted the following: {} - anything else?",
    ),
    streets=("14 Larkspur Avenue", "221 Mill Lane", "Flat 3, 88 Harbour Street"),
    greetings=(
        "Good morning everyone, I hope you are all doing well!",
        "Hi {}, how are you today?",
    ),
    thanks=("Thank you very much for your help!", "Thanks a lot, {}, I really appreciate it."),
    boilerplate=(
        "Let me know if you need anything else.",
        "You're welcome! I hope this helps.",
        "Could you please tell me more about that?",
        "Please feel free to reach out if you have any questions.",
        "I'm sorry, but I can't help you with that.",
        "Have a great day and a nice weekend!",
    ),
    small=("yes, but not now", "I think so too"),
    today="It is %A, %Y-%m-%d %H:%M UTC.",
)
GERMAN = Language(
    name="German",
    told=(
        "Kurz vorab: [der Lieferant hat die Stahlpreise deutlich erhöht], das Angebot passt nicht.",
        "Unter uns: [Marta verlässt im Frühjahr die Firma], bitte nicht weitersagen.",
        "Der Schlüssel liegt [unter dem blauen Blumentopf hinter der Garage].",
        "Leider hat [die nächtliche Sicherung verschlüsselte Platten einfach ausgelassen].",
        "Die Ärztin meint, [mein Knie muss vor dem Winter operiert werden].",
        "Für das Fest [haben wir ein Boot am Waldsee gemietet], Tom weiß nichts!",
        "Ehrlich gesagt will [unser größter Kunde den Vertrag im Herbst kündigen].",
        "Meine [Großmutter versteckte ihr Erspartes in einem alten Klavier].",
    ),
    short=(
        "die Kellertür klemmt ganz furchtbar",
        "Opas Geige wurde heimlich verkauft",
        "meine Schwester erwartet bald Zwillinge",
    ),
    carried=(
        "hallo, es ist {}, falls du es selbst versuchen willst",
        "Schreibt euch bitte {} auf, wir brauchen das am Wochenende.",
        "{}",
    ),
    openings=(
        "Gern, das weiß ich dazu:",
        "Wie vorhin hier im Kanal gesagt wurde:",
        "Ich fasse zusammen, was bisher besprochen ist.",
    ),
    closings=(
        "Damit würde ich planen und morgen nachfragen.",
        "Mehr liegt mir im Augenblick nicht vor.",
        "Soll ich es auf die Liste für Freitag setzen?",
    ),
    returned=(
        "Du solltest {} nehmen, das müsste klappen.",
        "Das ist {}.",
        "Notiert habe ich: {} – fehlt noch etwas?",
    ),
    streets=("Ahornweg 17", "Lindenstraße 27a, 10969 Berlin", "Am Alten Markt 5"),
    greetings=(
        "Guten Morgen zusammen, ich hoffe, es geht euch gut!",
        "Hallo {}, wie geht es dir heute?",
    ),
    thanks=("Vielen herzlichen Dank für deine Hilfe!", "Danke dir, {}, das ist sehr nett von dir."),
    boilerplate=(
        "Sag mir einfach Bescheid, wenn du noch etwas brauchst.",
        "Gern geschehen! Ich hoffe, das hilft dir weiter.",
        "Kannst du mir bitte mehr darüber erzählen?",
        "Bei weiteren Fragen stehe ich dir gerne zur Verfügung.",
        "Es tut mir leid, aber dabei kann ich dir nicht helfen.",
        "Ich wünsche dir noch einen schönen Tag!",
    ),
    small=("ja, aber nicht jetzt", "das ist mir recht"),
    today="Heute ist der %d.%m.%Y, es ist %H:%M Uhr.",
)
FRENCH = Language(
    name="French",
    told=(
        "Pour info, [le fournisseur a augmenté les prix de l'acier], le devis est faux.",
        "Entre nous, [Marta quittera la société au printemps prochain], chut.",
        "La clé est [sous le pot bleu derrière le garage].",
        "On a vu que [la sauvegarde nocturne ignore les volumes chiffrés sans prévenir].",
        "Le médecin dit que [mon genou doit être opéré avant l'hiver].",
        "Pour la fête [nous avons loué un bateau sur le lac], surprise !",
        "Franchement, [notre plus gros client veut résilier son contrat] cet été.",
        "Ma [grand-mère cachait ses économies dans un vieux piano].",
    ),
    short=(
        "la porte de la cave coince",
        "le violon de papi est vendu",
        "ma sœur attend enfin des jumeaux",
    ),
    carried=(
        "salut, c'est {} si tu veux essayer toi-même",
        "Notez bien {} pour l'équipe, il le faudra ce week-end.",
        "{}",
    ),
    openings=(
        "Bien sûr, voici ce que je sais :",
        "Comme on l'a dit plus haut,",
        "Je résume ce qui a été échangé jusqu'ici.",
    ),
    closings=(
        "Je partirais là-dessus et je redemanderais demain.",
        "Je n'ai rien d'autre pour le moment.",
        "Dois-je l'ajouter à la liste de vendredi ?",
    ),
    returned=(
        "Il fallait utiliser {}, cela devrait marcher.",
        "C'est {}.",
        "J'ai noté : {} – il manque quelque chose ?",
    ),
    streets=("17 rue des Tilleuls", "8 bis avenue Voltaire, 75011 Paris", "3 place du Marché"),
    greetings=(
        "Bonjour à tous, j'espère que vous allez bien !",
        "Salut {}, comment vas-tu aujourd'hui ?",
    ),
    thanks=("Merci beaucoup pour ton aide précieuse !", "Merci {}, c'est très gentil à toi."),
    boilerplate=(
        "N'hésite pas à me dire si tu as besoin d'autre chose.",
        "Je t'en prie ! J'espère que cela t'aide.",
        "Peux-tu m'en dire un peu plus à ce sujet ?",
        "Je reste à votre disposition pour toute question.",
        "Je suis désolé, mais je ne peux pas t'aider avec ça.",
        "Je te souhaite une très bonne journée !",
    ),
    small=("oui, mais pas maintenant", "je ne sais pas"),
    today="Nous sommes le %d/%m/%Y, il est %H h %M.",
)
SPANISH = Language(
    name="Spanish",
    told=(
        "Aviso: [el proveedor subió los precios del acero ayer], la oferta ya no vale.",
        "Entre nosotros: [Marta dejará la empresa en primavera], ni una palabra.",
        "La llave está [bajo la maceta azul detrás del garaje].",
        "Vimos que [la copia nocturna omite los discos cifrados sin avisar].",
        "La doctora dice que [deben operarme la rodilla antes del invierno].",
        "Para la fiesta [alquilamos un barco en el lago norte], ¡que no lo sepa Tom!",
        "La verdad, [nuestro mayor cliente quiere cancelar su contrato] por los retrasos.",
        "Mi [abuela escondía sus ahorros dentro del piano viejo].",
    ),
    short=(
        "la puerta del sótano se atasca",
        "el violín del abuelo está vendido",
        "mi hermana espera gemelos en julio",
    ),
    carried=(
        "hola, es {} por si quieres probarlo tú",
        "Apuntad {} para el equipo, hará falta el fin de semana.",
        "{}",
    ),
    openings=(
        "Claro, esto es lo que tengo:",
        "Como se comentó antes en este canal,",
        "Resumo lo que se ha dicho hasta ahora.",
    ),
    closings=(
        "Yo contaría con eso y preguntaría otra vez mañana.",
        "De momento no hay nada más.",
        "¿Lo pongo en la lista del viernes?",
    ),
    returned=(
        "Tenías que usar {}, debería funcionar.",
        "Es {}.",
        "He anotado: {}; ¿falta algo?",
    ),
    streets=("Calle del Olmo 45", "Avenida de la Sal 12, 28013 Madrid", "Plaza Mayor 3"),
    greetings=(
        "¡Buenos días a todos, espero que estéis bien!",
        "Hola {}, ¿cómo estás hoy?",
    ),
    thanks=("¡Muchísimas gracias por toda tu ayuda!", "Gracias, {}, eres muy amable de verdad."),
    boilerplate=(
        "Avísame si necesitas cualquier otra cosa.",
        "¡De nada! Espero que esto te ayude.",
        "¿Podrías contarme un poco más sobre eso?",
        "No dudes en escribirme si tienes alguna pregunta.",
        "Lo siento, pero no puedo ayudarte con eso.",
        "¡Que tengas un muy buen día!",
    ),
    small=("sí, pero no ahora", "no lo sé aún"),
    today="Hoy es %d/%m/%Y y son las %H:%M.",
)
WEST = (ENGLISH, GERMAN, FRENCH, SPANISH)
