"""The verify body: proofs, trial restores, and what they found."""
