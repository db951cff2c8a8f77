"""What an attacker may try, and the test that sees it fail (here, or with a folder under `tests`).

A name becomes a line, a speaker, a bot, a heading of the prompt  test_speakers
A text speaks for others: forged labels, headings, line ends      test_speakers, test_poisoning
A name that is mentioned says something in another's message      test_poisoning(_discord)
A file's name, a forwarded or shared post counts as said          test_poisoning(_discord)
A third party claims facts about others, in the words of others   test_poisoning
An order, a link, a mention becomes a fact                        test_poisoning, memory/test_claims
A correction brings further lines into the prompt                 test_poisoning
Who may not hears what was told elsewhere: 12,544 pairs           test_canaries, laws/test_audiences
What is said in a private thread is known in its channel          test_private_threads
A guest talks while Slack does not tell who they are              adapters/test_slack_unknown,
                                                                  e2e/test_readers
Who left a place reads on there, in the Home, by commands, buttons bot/test_shown, e2e/test_readers
The model pings people, in every way out of either platform       test_outgoing_slack, _discord
Its links, images and previews carry data away                    the same, adapters/test_links
A name pings: in the line for all, in titles, in the App Home     the same, test_aftermath
Words or secrets stand in log, figures, the store's slow log      test_aftermath
Deleted words stand in store, archive, files                      laws/test_deleted, e2e/test_scan
Slack's signature is forged, or a request replayed                test_requests, adapters/
                                                                  test_slack_connect
Bodies are too large, packed, endless                             test_requests, bot/test_web
JSON is nested too deep, frames cannot be read                    test_requests, test_frames_discord
A stranger reads or changes something at the HTTP port            test_port
A page does so through a browser: other origins, other host names test_port, bot/test_web
The port tells where the store is                                 test_port
"""
