"""The figures as a service: gathers facts, lets core judge them, and says what needs somebody."""
