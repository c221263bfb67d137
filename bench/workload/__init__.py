"""What is sent: seeded texts, traces and arrivals, and the sentences of the STS benchmark."""
