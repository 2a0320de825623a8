"""Days as cells: calendars and strips of what each day brought."""
