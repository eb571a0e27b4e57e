"""Forms: what is asked, and the phone that asks it. Pure: knows nothing of a server or a database."""
