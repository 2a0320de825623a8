"""Tables, their columns, and how single cells are drawn."""
