"""``yika-server``: everything that is done at a terminal. Options before variables before defaults."""

import click

from server.commands import data, setup
from server.commands.support import show_variables


@click.group(context_settings={"auto_envvar_prefix": "YIKA", "help_option_names": ["-h", "--help"]})
@click.option("--data-dir", show_envvar=True, help="Where key and SQLite file lie.")
@click.option(
    "--database-url", show_envvar=True, help="SQLAlchemy URL; default SQLite in the data directory."
)
@click.option("--community", show_envvar=True, help="Which, where a database holds several.")
@click.version_option(package_name="yika")
def main(data_dir: str | None, database_url: str | None, community: str | None) -> None:
    """Yika 一卡: one card, one person, every hour counted. The server."""
    _ = (data_dir, database_url, community)  # read by the sub-commands, for which the root keeps them


for _command in (
    *(setup.init, setup.run, setup.create_user, setup.create_token, setup.add_kiosk, setup.register_card),
    *(setup.policy, data.demo_data, data.audit, data.reproject, data.settle, data.export, data.import_),
    *(data.backup, data.restore, data.put_back),
):
    main.add_command(_command)
show_variables(main)
