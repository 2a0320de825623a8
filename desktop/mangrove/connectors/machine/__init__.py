"""What the machine itself is asked: to stay awake, and whether it has a network. Imports core."""
