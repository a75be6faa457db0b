"""What operators do to a running bot: labels from files, admins, dead letters, backups."""
