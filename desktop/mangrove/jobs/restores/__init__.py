"""Bodies that load data into a deployment, and the steps they are made of."""
