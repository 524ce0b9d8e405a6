"""Where the cluster lies, and whose it is.

In the data folder; but as root, when the user the server runs as cannot reach that, in a folder of
its own under /var/lib, to which a link in the data folder leads.
"""

import time
from pathlib import Path

from .account import Account
from .errors import ServicesError
from .paths import OPEN, PASSABLE, ROOT_FOLDER, Layout, make_folder
from .server import Say


def account_for(layout: Layout) -> Account:
    """Whom the servers of a data folder run as: the cluster's owner, if there is one.

    Raises ServicesError when this process cannot run a server as anyone fit.
    """
    if layout.cluster.exists():
        return Account.owning(layout.cluster)
    return Account.for_new_cluster()


def settle(layout: Layout, account: Account, say: Say) -> Path:
    """The cluster's folder, be it made yet or not; what leads to it is there.

    Raises ServicesError when it is another data folder's, or out of the account's reach.
    """
    place = layout.cluster
    if place.is_symlink():
        place = _follow(layout)
    elif not place.exists() and not account.reaches(layout.data):
        place = layout.elsewhere
        _set_aside(place, say)
        say(f"keeping the database in {place}: user id {account.uid} cannot reach {layout.data}")
        layout.cluster.symlink_to(place)
    if place == layout.elsewhere:
        make_folder(ROOT_FOLDER, OPEN)
        make_folder(place.parent, PASSABLE)
    if not account.reaches(place if place.exists() else place.parent):
        raise ServicesError(
            f"User id {account.uid}, which the database in {place} belongs to, can no longer reach "
            "it. Let it pass through every folder on the way (chmod o+x)."
        )
    return place


def _follow(layout: Layout) -> Path:
    target = layout.data / layout.cluster.readlink()
    if target.is_relative_to(ROOT_FOLDER) and target != layout.elsewhere:
        raise ServicesError(
            f"{layout.cluster} leads to the database of another data folder, {target}. If this "
            f"folder was moved, move that too: mkdir -p '{layout.elsewhere.parent}' && mv "
            f"'{target}' '{layout.elsewhere}' && ln -sfn '{layout.elsewhere}' '{layout.cluster}'. "
            f"If it was copied, delete the link and a new, empty database is made."
        )
    return target


def _set_aside(place: Path, say: Say) -> None:
    """Move away what an earlier, deleted data folder has left, which must not come back unasked."""
    if place.exists():
        aside = place.with_name(f"{place.name}.{time.strftime('%Y%m%dT%H%M%S')}")
        place.rename(aside)
        say(f"moving the database of an earlier data folder to {aside}")
