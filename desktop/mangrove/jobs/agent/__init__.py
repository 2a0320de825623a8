"""The agent: fires jobs when their time has come, and notices what happens meanwhile."""
