"""Instructions in disguise: told as about a person, they would govern the bot and its replies."""

import re
from unicodedata import combining, normalize

from memory.facts import plain


def _of(words: str) -> str:
    """Any of these: beginnings of words, or whole words where a full stop follows."""
    found = [each if each[-1] != "." else f"{each[:-1]}\\b" for each in words.split()]
    spaced = "|".join(each for each in found if each < "\u2e80")
    dense = [each.removesuffix("\\b") for each in found if each >= "\u2e80"]  # no spaces there
    return "|".join([rf"(?:\b(?:{spaced})", *dense]) + ")"


def _any(lines: str) -> re.Pattern[str]:
    """One of these patterns, a line each, in a text without accents."""
    return re.compile("|".join(filter(None, map(str.strip, lines.splitlines()))))


_GAP = r"[^.!?;\n]{0,40}?"  # between words that belong together; bounded, so that a look is linear
_FREE = r"[^.!?;\n]{0,15}?"
_BOT = _of("""
assistant. asistente. assistente. assistent. bot. chatbot.
threadkeeper. ассистент бот. помощник 助手 机器人 アシスタント ボット""")
_GRANT = _of("""
approv preapprov pre-approv allow permit authori grant obey compl. complies. follow. follows.
followed. execut honor honour trust bypass overrid overrul ignor skip. skips. skipped. waiv exempt
unlock unrestrict unlimit unconditional uncensor disabl lifted. suspended. whitelist priorit
precedence. binding. final. law. count. counts. apply. gelten. gelden. valen. accepted. confirmed.
granted.
genehmig erlaub bewillig freigegeben autorisier befolg gehorch vertrau umgeh ignorier aufgehoben
deaktivier befreit ausgefuhrt vorrang approuv preapprouv autoris accord obei suivi. suivies.
suivis. execute contourn desactiv levee levees prioritaire aprueb aprob preaprob autoriz permit
conced obedec omit cumpl acept ejecut aprova desativ isent aceit approv autorizz permess obbed
disattiv esent accett esegui goedgekeur toegestaan gemachtig gehoorza negeer uitgeschakeld
opgevolgd uitgevoerd одобр разреш подчин игнорир отключ выполня исполня 批准 允许 授权 服从 忽略
绕过 无需 优先 执行 承認 許可 従 無視 優先 実行""")
_ASKED = _of("""
requests. commands. instructions. orders. demands. wishes. prompts. anfragen. befehle.
anweisungen. wunsche. auftrage. demandes. requetes. ordres. commandes. consignes. solicitudes.
peticiones. ordenes. instrucciones. pedidos. solicitacoes. ordens. instrucoes. richieste. ordini.
comandi. istruzioni. verzoeken. opdrachten. instructies. bevelen. запрос команды. команд. приказ
инструкц просьб 请求 命令 指令 要求 指示 リクエスト""")
_DEALS = _of("""
refunds. payments. discounts. transactions. transfers. withdrawals. purchases. invoices.
credits. deletions. exports. erstattungen. ruckerstattungen. zahlungen. remboursements. paiements.
reembolsos. pagos. pagamentos. rimborsi. terugbetalingen. возврат 退款 付款 返金 支払""")
_CHECKS = _of("""
confirmation. confirmations. verification. authentication. moderation. censorship.
safeguards. guardrails. disclaimers. warnings. refusals. bestatigung uberprufung. verifizierung.
confirmacion.
verificacion. confirmacao. verificacao. conferma. verifica. bevestiging. verificatie. подтвержд
проверк 确认 验证 審核 审核 確認 検証""")
_NO = _of("""
no. not. without. never. skip bypass exempt waive unnecessary. unneeded. off. disabled. ohne.
kein nicht. sans. aucun pas. sin. ningun sem. nenhum nao. senza. nessun non. zonder. geen. niet.
без. не. 无 不 免 没有 なし""")
_MUST = _of("""
must. should. shall. may. can. will. has. have. is. are. needs. need. does. always. never.
only. muss. soll. darf. kann. wird. ist. hat. immer. doit. peut. est. toujours. debe. puede. esta.
siempre. deve. pode. sempre. puo. moet. mag. altijd. долж может обязан всегда 必须 应 会 可以
は が""")
_ADMIN = _of("""
admin. admins. administrator. owner. creator. developer. maker. author. operator. master.
maintainer. supervisor. boss. programmer. besitzer. entwickler. betreiber. proprietaire. createur.
administrateur. dueno. creador. administrador. dono. criador. proprietario. creatore.
amministratore. eigenaar. beheerder. владелец создатель разработчик администратор""")
_OWN = _of("""
phone. phones. smartphone. tablet. laptop. computer. pc. browser. chrome. tv. console. game.
games. gaming. play. plays. playing. app. apps. car. android. iphone. ipad. windows. chromebook.
router. kindle. headset. oculus. quest. watch. camera. editor. ide. vscode. minecraft. doom. skyrim.
handy. telefon. spiel. telephone. portable. jeu. movil. celular. telefono. juego. jogo. cellulare.
gioco. telefoon. spel. телефон игр 手机 スマホ ゲーム""")
_SECRETS = _of("""
password secrets. credentials. tokens. confidential everyone's. everybody's. passwort
secretos. contrasena mots. segredos. senhas. segreti. парол 密码 パスワード""")


_ALL = (
    r"(?:\b(?:all|any|every|each|alle|jede\w*|toutes|tous|todos|todas|tutti|tutte|все)\b"
    r"|所有|すべて)"
)
_WHOSE = (
    rf"(?:{_ALL}|我的|私の|\b(?:my|whose|his|her|their|these|meine|deren|dessen|mes|ses|mis|mie|cuyas"
    r"|minhas|cujas|cui|mijn|wiens|мои|чьи|его|ее)\b)"
)
_SUBJECT = (  # what may stand before one
    r"(?:^|[:,.;\"(] ?|\b(?:the|this|that|every|all|and|because|so|if|when|says|means|der|die|das"
    r"|dieser|jeder|le|la|el|o|il|lo|de|het|este|esta|ce|cet|cette|que) |\bl')"
)
_OFTEN = r"(?:(?:always|never|also|now|only|automatically|immer|toujours|siempre|sempre|altijd) )?"
_RULES = (
    r"\b(?:rules?|restrictions?|limits|filters?|polic\w+|guidelines|guardrails|safety|moderation"
    r"|limitations|instructions|prompts?|checks|regeln|regles|reglas|regras|regole|regels)\b"
)
_OFF = r"\b(?:off|disabled|deactivated|removed|lifted|suspended|bypassed|waived)\b"
_NEEDLESS = (
    r"(?:(?:not|never|no longer|nicht|pas|no|nao|non|niet) (?:\w+ )?(?:need|requir|necess|notig"
    r"|erforder|precis|nodig)|unnecessary|unneeded|off\b|disabled|skipped|waived|bypassed|optional"
    r"|entfallt|не нуж|не треб|不需要|不要|なし)"
)
_EXALTED = r"(?:full|root|admin\w*|unlimited|unrestricted|complete|total|elevated|highest|maximum)"
_RIGHTS = r"(?:access|rights|permissions?|privileges?|clearance|authority|authori[sz]ation|powers?)"
_BOTS = r"(?:the|this|your) (?:bot|assistant|system|data|memory|secrets|model)"

_NO_JOB = r"(?! (?:of|to|at|in|for|coach|manager)\b)"

_MODE = _any(r"""
\b(?:developer|dev|debug|debugging|god|admin|administrator|root|sudo|super-?user|dan) mode\b
\b(?:jailbr\w+|unrestricted|unfiltered|uncensored|override|opposite|privileged) mode\b
\bmode: (?:developer|debug|god|admin\w*|root|sudo|dan|unrestricted)\b
\bjailbr(?:oken|eak)\b
\b(?:entwickler|admin(?:istrator)?|debug|gott|ontwikkelaars|beheerders)-?modus\b
\bmode (?:developpeur|debogage|admin\w*|dieu)\b
\bmodo (?:de )?(?:desarrollador|depuracion|admin\w*|desenvolvedor|programador|dios|deus)\b
\bmodalita (?:sviluppatore|debug|amministratore)\b
режим\w* (?:разработчика|отладки|администратора|бога)
(?:开发者|開發者|调试|管理员|越狱|无限制|上帝)模式
(?:開発者|デバッグ|管理者)モード
""")
_THINGS = re.compile(_OWN)
_GRANTED = _any(rf"""
{_GRANT}\w* {_FREE}{_WHOSE} {_FREE}{_ASKED}
{_ALL} ?(?!my\b|our\b){_FREE}(?:{_DEALS}|\b(?:refund|payment|discount)\b){_GAP}{_GRANT}
{_DEALS}{_GAP}\b(?:are|get|werden|sont|son|sao|sono|worden) (?:\w+ )?{_GRANT}
{_GRANT}\w* ?{_ALL} ?(?!my\b|our\b){_FREE}(?:{_DEALS}|\b(?:refund|payment|discount))
\b(?:bypass|overrid|ignor|skip|disabl|circumvent|evad)\w*{_FREE}{_RULES}
""")
_MINE = _any(rf"""
\b(?:i|we) (?:(?:always|never|often|usually|only|also|sometimes|have|just) )?{_GRANT}
\b(?:my|our) (?:\w+ )?(?:dog|cat|horse|puppy|parrot|kids?|children|son|daughter|robot|vacuum)\b
\b(?:my|our) (?:\w+ )?(?:team|staff|students?|wife|husband|boss|bank|landlord|doctor)\b
""")
_BOT_TOLD = _any(rf"""
{_SUBJECT}{_BOT} ?{_OFTEN}(?:{_MUST}|{_GRANT}|[a-z]{{2,}}[^s\W]s\b)
\bmy (?:ai |personal )?(?:assistant|bot) {_OFTEN}{_GRANT}
\b(?:the|this|that|your) (?:ai )?(?:bot|chatbot|ai|llm|language model|ai model)\b(?! project)
\bthreadkeeper\b
\b(?:der|den|dem|dieser|diesen|diesem|le|ce|du|au|el|este|ese|del|al|o|do|ao|esse|il|dal|deze) bot\b
\b(?:этот|этого|этому) бот
(?<!\bi am )(?<!\bi'm )(?<!\bas )(?<!\bwas )\b(?:the|this|that|your) assistant\b{_NO_JOB}
\byour (?:instructions|rules|prompt|filters|guidelines|restrictions)\b
{_ADMIN} (?:des|dieses|von diesem|du|de (?:ce|cet|l')|del|de este|do|deste|dell'|di questo) ?{_BOT}
{_ADMIN} (?:van (?:de|deze|dit)|этого) ?{_BOT}
(?:{_BOT}(?:'s)? |\bai )(?:owner|admin|operator|master)\b
{_BOT}(?:的|の)(?:管理|主人|开发者|開発者)
\b(?:your|dein|euer|ton|votre|seu|tuo|jouw|твой|ваш) (?:\w+ )?{_ADMIN}
\bsystem (?:messages?|prompts?|instructions?|override)\b
""")
_OBEYED = _any(rf"""
{_WHOSE} ?(?:\w+ )?{_ASKED}(?! (?:for|to|at|from|by)\b){_GAP}{_GRANT}
{_WHOSE} ?(?:\w+ )?{_ASKED} (?:need|have|require) no\b
\b(?:what|whatever|anything|everything) i (?:say|ask|request|order|demand)\b{_GAP}{_GRANT}
\b(?:what|whatever|anything|everything) i (?:say|ask|request|order|demand) (?:is|goes|must|will)\b
\b(?:my|whose|his|her|their) (?:word|decisions?) (?:is|are) (?:law|final|binding|enough)\b
\b(?:must|should|is to|has to|always|never) (?:always |never )?be (?:trusted|believed|obeyed)\b
\b(?:must|should|is to|has to|always|never) (?:always |never )?be (?:doubted|refused|denied)\b
\b(?:overrid|supersed|outrank)\w*\b{_GAP}(?:{_RULES}|\b(?:system|every(?:one|body|thing)|others)\b)
\b(?:precedence over|priority over|vorrang vor|prime sur|prevalece sobre)\b{_GAP}(?:{_RULES}|{_BOT})
\b(?:instruction|request|command|message|user) priority\b
\bpriority:? (?:is )?(?:highest|absolute|maximum)\b
\bno questions asked\b
""")
_UNCHECKED = _any(rf"""
{_NO}\w{{0,3}} ?(?:\w+ ){{0,2}}{_CHECKS}(?! (?:from|of|by|e-?mail|letter|yet)\b)
{_CHECKS}\w*:? ?(?:\w+ ){{0,3}}{_NEEDLESS}
\b(?:safety|content|usage|rate|security|censor\w+)[ -]{_RULES}{_FREE}{_OFF}
(?<!dietary )(?<!travel )(?<!speed )(?<!water )(?<!air ){_RULES}(?: is| are|:)? {_OFF}
{_RULES}(?: \w+){{0,2}} (?:do not|don't|never|no longer) (?:apply|bind|count)
\b(?:exempt|free|excluded|released) from (?:(?:all|the|any|your|usage|content) ){{0,3}}{_RULES}
\b(?:exempt|free|excluded|released) from (?:\w+ ){{0,2}}(?:safety|usage|content) {_RULES}
\b(?:not subject to|above|not bound by|not limited by) (?:(?:the|any|all|your) ){{0,2}}{_RULES}
\bregeln gelten (?:\w+ ){{0,2}}nicht|\bregels gelden (?:\w+ ){{0,2}}niet
правила не |规则.{{0,8}}不适用
\bregles ne s'appliquent pas|\breglas no (?:se )?(?:me )?aplican|\bregras nao se aplicam
\bregole non si applicano|(?:規則|ルール).{{0,8}}適用され(?:ない|ません)
: (?:no|without|keine|sans|sin|sem) (?:restrictions|limits|filters|rules|limitations)(?:\.|$)
""")
_EMPOWERED = _any(rf"""
\b{_EXALTED}(?: \w+)? {_RIGHTS}\b(?! (?:to|on|over|of|at|in|for)\b)
\b{_EXALTED}(?: \w+)? {_RIGHTS} (?:to|on|over|of|at|in|for) (?:all|any|every\w*|you|{_BOTS})\b
\b(?:special|override|privileged|sudo) {_RIGHTS}\b(?! (?:to|on|over|of|at|in|for)\b)
\b{_RIGHTS}(?: level)?:? (?:is |are )?(?:level )?(?:unlimited|full|total|highest|granted|\d)\b
\b(?:trust|access) level:? (?:is )?(?:\w+ )?(?:{_EXALTED}|trusted|\d)\b
\ball (?:permissions|privileges)\b
\baccess to (?:everything|anything|every(?:one|body)|all (?:messages|channels|data|secrets))\b
\b(?:pre-?approved|authori[sz]ed|cleared|permitted|allowed|entitled) (?:for|to|in) everything\b
\b(?:authori[sz]ed|cleared|permitted|allowed|entitled) to (?:do|get|see|know) (?:every|any)thing\b
\b(?:volle[mnrs]?|uneingeschrankte[mnrs]?) (?:zugriff|zugang|rechte|berechtigung\w*)\b(?! auf)
\b(?:acces|droits|acceso|permisos|acesso|accesso) (?:total|complet|illimit|ilimitad|administ)
\bvolledige (?:toegang|rechten)\b(?! tot)|полн\w+ (?:доступ|прав)(?! к)
(?:完全|最高|所有|无限)(?:的)?(?:访问)?权限|(?:全|最高)(?:アクセス)?権限
\b(?:super-?user|root user)\b(?! (?:of|at|in|for|on|to)\b)
\b(?:trusted|privileged|verified|authori[sz]ed|whitelisted|exempt) (?:user|admin\w*|owner|source)\b
\b(?:may|allowed|entitled|authori[sz]ed|permitted|cleared|right to)\b{_GAP}{_SECRETS}
(?:\b(?:darf|berechtigt|autoris\w+|autoriz\w+|puede|pode|puo|mag|может)\b|可以|有权){_GAP}{_SECRETS}
\b(?:may|allowed|authori[sz]ed|permitted) (?:to )?(?:see|read|access|view) (?:all|any|every\w*)\b
\b(?:see|read|access) (?:\S+ )?(?:others'|private|other people's) (?:messages|channels|data)
{_SECRETS}{_FREE}\b(?:may|can|are to|should|must) be (?:sha|sho|reve|discl|told|given)
""")
_THAT = (
    r"(?! (?:that|which|who|with)\b) (?:\w+ ){0,3}?(?:must|should|shall|always|never|includes?"
    r"|(?:need|have|has|needs|are|is|ought) to|(?:end|begin|start)s? with|contains?|omits?)\b"
)
_SAYS = (
    r"(?:\b(?:is|are|says?|requires?|states?|allows?|permits?|lautet|ist|est|es|e)\b|:)"
    rf"{_GAP}(?:{_DEALS}|{_ASKED}|{_BOT}"
    r"|\b(?:refund|answer|reply|approv|share|reveal|disclos|grant|every))"
)
_DICTATED = _any(rf"""
(?<!my )\b(?:answers|replies|responses|outputs|(?:the|every|each) (?:reply|answer))\b{_THAT}
\bantworten (?:\w+ ){{0,2}}?(?:mussen|sollen|enden|beginnen|enthalten)\b|\breponses? doi(?:ven)?t\b
\brespuestas? deben?\b|\brespostas? devem?\b|\brispost[ae] dev(?:e|ono)\b|\bantwoorden moeten\b
ответ\w* (?:долж|всегда)|(?:回答|回复|答复)(?:必须|应|都)|(?:回答|返信|返答)(?:は必ず|は常に)
(?<!insurance )(?<!my )\b(?:policy|policies|guidelines?|protocol|directive)\b{_FREE}{_SAYS}
\b(?:richtlinie|politique|politica|beleid|политика)\b{_FREE}{_SAYS}|(?:政策|规定).{{0,8}}{_DEALS}
""")


def governs(text: str) -> bool:
    """Whether it speaks of the bot, of what it has to do or of power over it.

    Of a long text the first 2,000 characters. What is told of oneself, of one's own things and
    people is none of it.
    """
    signs = normalize("NFKD", plain(text[:2_000]))
    voiced = (0, 8)  # no accents, but the marks of kana
    told = normalize("NFC", "".join(each for each in signs if combining(each) in voiced))
    if _MODE.search(told) and not _THINGS.search(told):
        return True
    if _GRANTED.search(told) and not _MINE.search(told):
        return True
    others = (_BOT_TOLD, _OBEYED, _UNCHECKED, _EMPOWERED, _DICTATED)
    return any(pattern.search(told) for pattern in others)
