"""What every request has to pass before a page sees it: one file for each door, from the outside inward.

headers  what every answer says to the browser: no code but ours, no frame, no store
hosts    only our own names: a name that somebody else points at this machine is refused
origins  only our own pages may make a browser ask or send
sizes    how much of a body is read, and for how long
csrf     the token of the session in every form

Who guesses has to wait: `batcher.signing_in`.
"""
