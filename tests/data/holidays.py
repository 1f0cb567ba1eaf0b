"""Writes holidays-2007-2026.tsv: the days off and make-up workdays that the State Council announced for twenty years.

They are taken from the constants of the package chinesecalendar (by Lirian Su, MIT licence):

    python3 -m venv /tmp/holidays && /tmp/holidays/bin/pip install chinesecalendar==1.11.0
    /tmp/holidays/bin/python tests/data/holidays.py > tests/data/holidays-2007-2026.tsv
"""

from importlib.metadata import version

from chinese_calendar.constants import Holiday, holidays, workdays

PIN = "1.11.0"
YEARS = range(2007, 2027)


def main():
    found = version("chinesecalendar")
    if found != PIN:
        raise SystemExit(f"chinesecalendar {PIN} is wanted, {found} is installed")
    days = {day: ("off", name) for day, name in holidays.items()}
    days.update((day, ("work", name)) for day, name in workdays.items())
    print(f"date\ttype\tname, from chinesecalendar {PIN} (MIT)")
    for day, (word, name) in sorted(days.items()):
        if day.year in YEARS:
            print(f"{day}\t{word}\t{Holiday(name).chinese}")


main()
