"""Every playbook, by name. A new one is its file, its card beside it, and a row here."""

from bursar.actions.playbooks import volumes_unattached
from bursar.actions.playbooks.playbook import Playbook

PLAYBOOKS: dict[str, Playbook] = {
    "volumes_unattached": volumes_unattached.PLAYBOOK,
}
"""The registry. No auto-loading: this process may hold credentials that write."""
