"""Names of those who take part, also some that look like words, numbers and identifiers."""

from random import Random

PLAIN = (
    *("Ada", "Jonas Weber", "Chloé Dubois", "María José García", "Иван Петров", "ليلى حسن"),
    *("अर्जुन शर्मा", "김민준", "佐藤 花子", "王小明", "สมชาย ใจดี", "O'Brien", "Jean-Luc", "Li Wei"),
    *("Abd al-Rahman ibn Khalid al-Walid", "Maria da Silva e Souza Santos", "José"),
)
ODD = (
    *("jonas_1987", "player48213", "maxPower", "K3v1n", "x_Sniper_x", "agent-007", "user10452"),
    *(
        "ada.lovelace",
        "DB_Admin",
        "Ops-Team 24",
        "the quick brown fox club",
        "n0va#4471",
        "QA-2207",
    ),
    *("TomTheBuilder", "anna@home", "Dr. No", "root", "31337", "Bot_9000", "last_one_2"),
)


def people(chance: Random, *, odd: bool = False) -> tuple[str, ...]:
    """Two to four; `odd`: the first has a name that looks like something else."""
    first = chance.choice(ODD if odd else PLAIN)
    others = [each for each in PLAIN if each != first]
    return (first, *chance.sample(others, chance.randint(1, 3)))
