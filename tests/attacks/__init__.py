"""What an attacker may try, and the test that sees it fail.

who            | attack                                                        | seen by
---------------|---------------------------------------------------------------|--------------------
a name         | becomes a line, a speaker, a bot, a heading                   | test_speakers
a text         | speaks for others: forged labels, headings, line ends         | test_speakers
a name         | mentioned, says something in the text of who mentions it      | test_poisoning, …_discord
a file, a card | its name or words count as said by who posts or forwards it   | test_poisoning, …_discord
a third party  | claims facts about others, in the words of others             | test_poisoning
an order       | becomes a fact: always do, ignore, links, mentions            | test_poisoning, memory/test_claims
a correction   | brings further lines into the prompt                          | test_poisoning
who may not    | hears what was told elsewhere, 12,544 pairs                   | test_canaries, laws/test_audiences
the model      | pings, in every way out of either platform                    | test_outgoing_slack, …_discord
the model      | links, images, previews that carry data away                  | the same, adapters/test_links
a name         | pings in the line all see, in titles, in the App Home         | the same, test_aftermath
anybody        | finds words or secrets in log, figures, the store's slow log  | test_aftermath
anybody        | finds deleted words in store, archive, files                  | laws/test_deleted, e2e/scan
a stranger     | forges or replays Slack's signature                           | test_requests, adapters/test_slack_connect
a stranger     | sends bodies too large, packed, endless                       | test_requests, bot/test_web
a platform     | sends JSON nested too deep, frames that cannot be read        | test_requests, test_frames_discord
a stranger     | reads or changes something at the HTTP port                   | test_port
a page         | reads it through a browser: other origins, other host names   | test_port, bot/test_web
a reader       | learns from the port where the store is                       | test_port
"""
