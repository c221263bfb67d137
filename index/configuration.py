"""The settings of an open collection: in memory as of the last commit, changed through the writer.

A change of language takes the index of words along: the database names another folder for it in the same transaction,
and the words follow that before the change is answered.
"""

from concurrent.futures import Future

import apsw

from index.documents.settings import Settings, SettingsChange, changed, check_change
from index.store import rows
from index.store.group import Changes
from index.store.meta import write_meta
from index.store.settings_row import read_settings, settings_in, write_settings
from index.store.store import Store
from index.words.folder import new_name


class Configuration:
    """Empty until `attach`. Follows the writer."""

    def __init__(self) -> None:
        self._settings = Settings()
        self._store: Store | None = None

    def attach(self, store: Store) -> None:
        """Take the settings of a database; raises DamagedError."""
        self._store, self._settings = store, settings_in(store.meta)
        store.cutting = self._settings.cutting

    @property
    def settings(self) -> Settings:
        """Those in force. Never waits."""
        return self._settings

    def change(self, change: SettingsChange) -> Future[Settings]:
        """Change settings; the future's result are those in force afterwards. Raises CollectionSettingsError."""
        check_change(change)
        store = self._store
        assert store is not None

        def work(connection: apsw.Connection, changes: Changes) -> Settings:
            settings = changed_row(connection, changes, change)
            store.cutting = settings.cutting  # what is written from here on in this transaction may be cut by others
            return settings

        return store.writer.submit(work, 0)

    def admit(self, before: Changes, changes: Changes) -> None:
        """Do nothing: settings take no memory."""

    def expect(self, changes: Changes) -> None:
        """Do nothing: settings are in force when they are committed."""

    def abandoned(self, changes: Changes) -> None:
        """Stay with the settings that were committed last."""
        if changes.settings is not None and self._store is not None:
            self._store.cutting = self._settings.cutting

    def applied(self, changes: Changes) -> None:
        """Have the settings that were committed in force."""
        if changes.settings is not None:
            self._settings = changes.settings


def changed_row(connection: apsw.Connection, changes: Changes, change: SettingsChange) -> Settings:
    """Change the settings in a transaction; nothing is written where they are so already."""
    before = read_settings(connection)
    after = changed(before, change)
    if after != before:
        write_settings(connection, after)
        if after.language != before.language:
            changes.words = new_name()
            write_meta(connection, words=changes.words)
        if after.cutting != before.cutting:
            rows.cut_otherwise(connection)
        changes.settings = after
    return after
