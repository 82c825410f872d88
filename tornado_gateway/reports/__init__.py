"""What operators are told, as JSON, by commands and by the admin API alike. Nothing here prints."""
