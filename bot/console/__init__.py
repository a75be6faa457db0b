"""The bot in a browser: pages under /console for people who came by a link out of the chat.

    request ─► gate (host, budget, login, forged?) ─► a page ─► reads the store and the engine
                                                       └─ changes: a command, through the intake

No page changes anything itself. What somebody does there is the command that they could have
typed in the chat: one permission rule, one history, one undo.
"""
