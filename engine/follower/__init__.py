"""Following a publisher: fetch what it serves, check every byte, and answer from it.

    poll ──► publication ──► other than here? ──► fetch its files ──► check ──► serve
                  └──► away, or nothing new ──► goes on serving what is here

A follower reads no source and refreshes nothing; whatever changes a knowledge base is the publisher's.
"""
