"""What the rooms of the house need from each other and from outside: small protocols.

There is a module for each subject. Adapters in ``vault`` and ``connectors`` fulfil them; ``app``
ties the two together.
"""
