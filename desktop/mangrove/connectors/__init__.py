"""How we talk to the world: MongoDB, OS keyring, local state, embedded mongod. Imports core."""
