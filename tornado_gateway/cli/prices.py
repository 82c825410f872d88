"""``tornado-gateway prices``: what the public list of genai-prices has, and rows of it for a file. Offline."""

import argparse

from tornado_gateway.cli import prices_import, prices_list


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("prices", help="price rows from the public list of genai-prices, offline")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    importer = actions.add_parser("import", help="write rows for models into the file, nothing else of it touched")
    prices_import.add_arguments(importer)
    prices_list.add_arguments(actions.add_parser("list", help="names on the list, and what they cost"))
