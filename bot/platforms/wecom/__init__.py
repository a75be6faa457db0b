"""WeCom (企业微信): AI bots by callback or long connection, self-built applications, group webhooks."""
