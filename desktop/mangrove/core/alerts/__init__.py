"""What is wrong, who is told of it and when: the rules of alerts, and messages on their way."""
