"""What is to be said: from intents to messages, and from messages to providers."""
