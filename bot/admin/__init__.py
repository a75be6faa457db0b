"""An operator's work on a running bot: labels from files, admins, dead letters, backups."""
