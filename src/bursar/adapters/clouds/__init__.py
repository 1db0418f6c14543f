"""One room per cloud: how its bills are fetched. The simulated one ships with the rest."""
