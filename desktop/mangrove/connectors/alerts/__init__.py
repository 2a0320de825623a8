"""How people are told: apprise for mail, chat and webhooks, D-Bus, heartbeats. Imports core."""
