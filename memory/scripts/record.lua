-- What the scripts share. A record is one conversation: every script is given its key, its
-- channel's key and its partition's due list, all in one slot, and derives the rest.
-- Every script says in its header how much it touches at most. Where it says nothing more, that is
-- a few fields, and what one turn has: 100 claims, the posts of one reply.
--   CONVERSATION/rec    hash    key, watermark, revision, lease and running turn
--   CONVERSATION/msg    hash    id -> state, version, time, fingerprint, sealed message
--   CONVERSATION/anew   hash    while somebody forgets: id -> the same, sealed under the next key
--   CONVERSATION/late   set     while somebody forgets: ids that came or changed since it began
--   CONVERSATION/win    zset    ids of the unfolded messages by time
--   CONVERSATION/owed   zset    ids that need an answer by time
--   CONVERSATION/seg    hash    name -> how many messages it covers, sealed text
--   CONVERSATION/cover  hash    name -> covered ids and versions, or names of the merged segments
--   CONVERSATION/sum    zset    names of segments in prompts by the time of their last message
--   CONVERSATION/above  hash    name of a merged segment -> the one that stands for it, its time
--   CONVERSATION/leaves zset    names of segments of messages by number
--   CONVERSATION/replies hash   id -> the first post of the reply to it
--   CONVERSATION/posts  hash    first post of a reply -> the ids of its other posts
--   CONVERSATION/fresh  set     ids of messages that nobody was asked about for facts yet
--   CONVERSATION/waters hash    fingerprint of a writer -> up to when they are forgotten here
--   CONVERSATION/done/DAY hash  finished turn -> the fence that ended it, the ids of its posts; id
--                               of a post of ours that is not remembered under its own id -> ''
--   CONVERSATION/debris hash    finished turn -> posts that should not be there
--   CONVERSATION/spoiled hash   finished turn whose posts show what an older fence wrote -> mark
--   CHANNEL/where       hash    id -> thread, and a blank and the number of the segment it is in
--   CHANNEL/threads     zset    threads by last activity
--   CHANNEL/log         list    ids, each time they change; '-' and the id of what went
--   CHANNEL/count       string  the number of the last change, as the log forgets the first ones
--   CHANNEL/epoch       string  grows when indexes have to begin anew
--   CHANNEL/citedby     hash    id -> ids of the replies that took words from it; '%THREAD/NAME' of a
--                               segment: those that took words from messages of it that had expired
--   CHANNEL/water       string  watermark of the whole channel
--   CHANNEL/going       string  the same until all of the channel's conversations are forgotten
--   CHANNEL/scope       string  since when it has another audience, and which
--   CHANNEL/seen/DAY    hash    fingerprint -> '' for what is forgotten | id of its twin | '-' for what
--                               must not enter; what is stored is known by its id
--   CHANNEL/pend/DAY    hash    fingerprint -> time of an edit that came before its message
--   CHANNEL/facts       hash    id -> thread, time, person whose facts rest on this message
--   JOURNAL             zset    doubts: facts of another slot to be checked against a message here
--   EXPIRING            zset    conversations by when something is to be done before they expire
--   PERSON/citedby      hash    a message and its version -> replies that took words from what is known
--                               through it: conversation, turn, first post
--   PERSON/where        zset    conversations in which somebody wrote by when they did last
--   LEAVING             zset    people who are to be forgotten by when somebody began (milliseconds)
--   QUIET               zset    conversations with fresh messages by when the last came (milliseconds)
--   BEHIND              zset    conversations with a gap by when somebody may read it (milliseconds)
-- Times are microseconds, except leases (milliseconds). All come from the platform or from TIME.

local CONVERSATION, CHANNEL, DUE = KEYS[1], KEYS[2], KEYS[3]
local function beside(list) return (string.gsub(DUE, 'due$', list)) end
local JOURNAL, EXPIRING, QUIET, BEHIND = beside('journal'), beside('expiring'), beside('quiet'), beside('behind')
local DAY, HOUR = 86400, 3600

local clock = redis.call('TIME')
local seconds = tonumber(clock[1])
local milliseconds = seconds * 1000 + math.floor(tonumber(clock[2]) / 1000)
local microseconds = seconds * 1000000 + tonumber(clock[2])
local today = math.floor(seconds / DAY)

local function whole(number) return string.format('%.0f', number) end

local function get(field) return redis.call('HGET', CONVERSATION .. '/rec', field) end
local function set(...) redis.call('HSET', CONVERSATION .. '/rec', ...) end
local function unset(...) redis.call('HDEL', CONVERSATION .. '/rec', ...) end
local function bump(field) return redis.call('HINCRBY', CONVERSATION .. '/rec', field, 1) end

-- Bytes 6 to 17 of a wrapped data key name it; a change of MEMORY_KEY changes the others.
local function same_key(one, other) return one and string.sub(one, 6, 17) == string.sub(other, 6, 17) end

local function list(json) return (json and json ~= '') and cjson.decode(json) or {} end
local function encode(items) return #items > 0 and cjson.encode(items) or '[]' end

local function holds(items, wanted)
  for _, item in ipairs(items) do if item == wanted then return true end end
  return false
end

local function named(items)
  local names = {}
  for _, item in ipairs(items) do names[item] = true end
  return names
end

local function without(items, unwanted)
  local rest, gone = {}, named(unwanted)
  for _, item in ipairs(items) do if not gone[item] then rest[#rest + 1] = item end end
  return rest
end

-- Seen ids live in one hash a day, so that they expire by themselves after one to two days.
local function recent(kind, fingerprint)
  return redis.call('HGET', CHANNEL .. '/' .. kind .. '/' .. today, fingerprint)
    or redis.call('HGET', CHANNEL .. '/' .. kind .. '/' .. (today - 1), fingerprint)
end

local function keep(kind, fingerprint, value)
  local key = CHANNEL .. '/' .. kind .. '/' .. today
  redis.call('HSET', key, fingerprint, value)
  redis.call('EXPIRE', key, 2 * DAY, 'NX')
end

local function drop(kind, fingerprint)
  redis.call('HDEL', CHANNEL .. '/' .. kind .. '/' .. today, fingerprint)
  redis.call('HDEL', CHANNEL .. '/' .. kind .. '/' .. (today - 1), fingerprint)
end

-- Nothing said up to then enters, and nothing is read any more: it may take some time to go.
local waters = {}
local function watermark()
  if not waters[CONVERSATION] then
    local whole_channel = tonumber(redis.call('GET', CHANNEL .. '/water') or 0)
    waters[CONVERSATION] = math.max(tonumber(get('water') or 0), whole_channel)
  end
  return waters[CONVERSATION]
end

local function after_water() return '(' .. whole(watermark()) end

-- Segments tell nobody from when: those of a channel that is being forgotten are not read.
local function outdated()
  local going = redis.call('GET', CHANNEL .. '/going')
  return going and tonumber(get('water') or 0) < tonumber(going)
end

-- A stored message: one letter (o overheard, c called, m mine), version, time, then the fingerprint
-- behind its length, then the seal.
local function pack(state, version, sent, fingerprint, sealed)
  return state .. version .. ',' .. sent .. ':' .. string.char(#fingerprint) .. fingerprint .. sealed
end

local function parsed(value)
  local state, version, sent, start = string.match(value, '^(%a)(%d+),(%d+):()')
  local seal = start + 1 + string.byte(value, start)
  return {
    state = state, version = version, sent = sent,
    fingerprint = string.sub(value, start + 1, seal - 1), sealed = string.sub(value, seal),
  }
end

local function unpack_message(id)
  local value = redis.call('HGET', CONVERSATION .. '/msg', id)
  local message = value and parsed(value)
  return message and tonumber(message.sent) > watermark() and message or nil
end

-- Writes a message down. While somebody forgets, it has yet to be sealed under the next key.
local function put(id, packed)
  redis.call('HSET', CONVERSATION .. '/msg', id, packed)
  if get('next') then
    redis.call('HDEL', CONVERSATION .. '/anew', id)
    redis.call('SADD', CONVERSATION .. '/late', id)
    redis.call('EXPIRE', CONVERSATION .. '/late', 2 * DAY)
  end
end

-- The thread a post is remembered in. Where a conversation expired, its posts are still named here.
local function home(id)
  local known = redis.call('HGET', CHANNEL .. '/where', id)
  if not known then return nil end
  local thread, here = string.match(known, '^[^ ]*'), CONVERSATION
  CONVERSATION = CHANNEL .. ':' .. thread
  local stands, told = unpack_message(id), redis.call('EXISTS', CONVERSATION .. '/cover') == 1
  CONVERSATION = here
  if stands then return thread end
  if told then return nil, thread end
  redis.call('HDEL', CHANNEL .. '/where', id)
  return nil
end

-- The sweep looks at a conversation when its lease and the grace after it have run out.
local function look(at) redis.call('ZADD', DUE, whole(at), ARGV[1]) end

local function look_again()
  if redis.call('ZCARD', CONVERSATION .. '/owed') > 0 or redis.call('EXISTS', CONVERSATION .. '/debris', CONVERSATION .. '/spoiled') > 0
    or get('turn') then
    look(milliseconds)
  else
    redis.call('ZREM', DUE, ARGV[1])
  end
end

-- A gap: what was said after a post ('': from the start) is yet to be read. It closes only for who read
-- it since it was marked last; a turn waits for it until then (milliseconds).
local function open_gap(after, mark, wait)
  if not get('gap') then set('gap', after) end
  set('marked', mark)
  if wait then set('wait', whole(wait)) end
  redis.call('ZADD', BEHIND, 'NX', whole(milliseconds), ARGV[1])
end

local function close_gap()
  unset('gap', 'marked', 'wait', 'reader', 'readings')
  redis.call('ZREM', BEHIND, ARGV[1])
end

-- Takes a segment away, and what was merged from it; the other parts of those stand for themselves again.
local function scrap(name)
  local above = redis.call('HGET', CONVERSATION .. '/above', name)
  for _, kind in ipairs({ 'seg', 'cover', 'above' }) do redis.call('HDEL', CONVERSATION .. '/' .. kind, name) end
  for _, kind in ipairs({ 'sum', 'leaves' }) do redis.call('ZREM', CONVERSATION .. '/' .. kind, name) end
  if not above then return end
  local parent = string.match(above, '^[^,]*')
  for _, child in ipairs(list(redis.call('HGET', CONVERSATION .. '/cover', parent))) do
    local link = redis.call('HGET', CONVERSATION .. '/above', child)
    if link then
      redis.call('ZADD', CONVERSATION .. '/sum', string.match(link, ',(.*)$'), child)
      redis.call('HDEL', CONVERSATION .. '/above', child)
    end
  end
  scrap(parent)
end

-- What is made or made again between activities lives no longer than its neighbours.
local function share_end(kinds, neighbour)
  local at = redis.call('EXPIRETIME', CONVERSATION .. '/' .. neighbour)
  if at < 0 then return end
  for _, kind in ipairs(kinds) do redis.call('EXPIREAT', CONVERSATION .. '/' .. kind, at) end
end

local function stand(segment, size, time, parts, text)
  redis.call('HSET', CONVERSATION .. '/seg', segment, size .. ':' .. text)
  redis.call('HSET', CONVERSATION .. '/cover', segment, parts)
  redis.call('ZADD', CONVERSATION .. '/sum', whole(time), segment)
end

-- This conversation's thread, as `where` names it.
local function thread_here() return string.sub(CONVERSATION, #CHANNEL + 2) end

-- A segment of messages, up to 500, and where each of them is found.
local function stand_leaf(segment, size, time, parts, covered, text)
  local number = whole(bump('leaves'))
  stand(segment, size, time, parts, text)
  redis.call('ZADD', CONVERSATION .. '/leaves', number, segment)
  for id in pairs(covered) do redis.call('HSET', CHANNEL .. '/where', id, thread_here() .. ' ' .. number) end
end

-- A segment whose messages changed is taken apart: what is left of them returns to the window.
local function take_apart(segment, covered)
  scrap(segment)
  local back = false
  for each in pairs(covered) do
    local message = unpack_message(each)
    if message then
      back = true
      redis.call('ZADD', CONVERSATION .. '/win', message.sent, each)
      redis.call('HSET', CHANNEL .. '/where', each, thread_here())
    end
  end
  if back then redis.call('ZADD', EXPIRING, 'NX', milliseconds, string.match(CONVERSATION, '}:(.*)$')) end
  share_end({ 'win' }, 'msg')
  share_end({ 'sum' }, 'rec')
end

-- The segment that a message is in, if it is in one: its name.
local function unfold(id)
  local number = string.match(redis.call('HGET', CHANNEL .. '/where', id) or '', ' (%d+)$')
  local segment = number and redis.call('ZRANGE', CONVERSATION .. '/leaves', number, number, 'BYSCORE')[1]
  local cover = segment and redis.call('HGET', CONVERSATION .. '/cover', segment)
  local covered = cover and cjson.decode(cover) or {}
  if not covered[id] then return nil end
  take_apart(segment, covered)
  return segment
end

local function begin_anew()
  local epoch = tonumber(redis.call('GET', CHANNEL .. '/epoch') or 0)
  redis.call('SET', CHANNEL .. '/epoch', whole(math.max(microseconds, epoch + 1)), 'KEEPTTL')
end

-- Indexes follow the channel's log: what came or changed gets the next number, so does what went.
local function log(entry)
  if redis.call('INCR', CHANNEL .. '/count') == 1 then  -- the numbers, too, begin anew
    redis.call('DEL', CHANNEL .. '/log')
    begin_anew()
  end
  redis.call('RPUSH', CHANNEL .. '/log', entry)
  redis.call('LTRIM', CHANNEL .. '/log', -20000, -1)  -- as much as an index holds
  redis.call('SET', CHANNEL .. '/epoch', whole(microseconds), 'NX')
end

-- A post of ours that is not remembered under its own id: it is no message to take in.
local function posted_once(id)
  redis.call('HSET', CONVERSATION .. '/done/' .. today, id, '')
  redis.call('EXPIRE', CONVERSATION .. '/done/' .. today, 2 * DAY, 'NX')
end

-- Whether the bot's own posts go with what they say (forget.replies); the store sets it.
local remove_replies = false

-- The posts of a reply that leaves the record are removed by the sweep, as those of a turn that failed.
local function take_posts_back(id)
  local posts = list(redis.call('HGET', CONVERSATION .. '/posts', id))
  table.insert(posts, 1, id)
  redis.call('HSET', CONVERSATION .. '/debris', '-' .. id, cjson.encode(posts))
  redis.call('EXPIRE', CONVERSATION .. '/debris', 30 * DAY, 'NX')
  look(milliseconds)
end

-- A message leaves the record; a running turn that answered only this is to be withdrawn. What else goes
-- with it: see lose_all. No index has to be told of what it does not read any more (`told`). Whether it
-- was stored, and the segment that told of it.
local function lose(id, told)
  local value, read, segment = redis.call('HGET', CONVERSATION .. '/msg', id), unpack_message(id), unfold(id)
  local mine = value and string.find(value, '^m')
  if remove_replies and mine then take_posts_back(id) end
  if mine then posted_once(id) end
  if read or not told then log('-' .. id) end
  for _, kind in ipairs({ 'msg', 'anew', 'posts' }) do redis.call('HDEL', CONVERSATION .. '/' .. kind, id) end
  redis.call('ZREM', CONVERSATION .. '/win', id)
  redis.call('ZREM', CONVERSATION .. '/owed', id)
  for _, kind in ipairs({ 'fresh', 'late' }) do redis.call('SREM', CONVERSATION .. '/' .. kind, id) end
  redis.call('HDEL', CHANNEL .. '/where', id)
  if redis.call('EXISTS', CONVERSATION .. '/msg') == 0 then redis.call('ZREM', EXPIRING, string.match(CONVERSATION, '}:(.*)$')) end
  local claims = list(get('claims'))
  if holds(claims, id) then
    claims = without(claims, { id })
    set('claims', encode(claims))
    if #claims == 0 then set('state', 'withdrawn') end
  end
  return value, segment
end

-- Words that are new are to be learned from: with the next fold, or once nobody says any more.
local function freshen(id)
  redis.call('SADD', CONVERSATION .. '/fresh', id)
  redis.call('ZADD', QUIET, whole(milliseconds), ARGV[1])
end

-- Facts that rest on a message are another slot's: what changes the message says so here, and whoever
-- changed it, or the sweep, then looks at both.
local function doubt(token, id, person)
  return table.concat({ token, string.match(CHANNEL, '}:(.*)'), id, person }, '\n')
end

local function strike(id, token)
  local known = redis.call('HGET', CHANNEL .. '/facts', id)
  if not known then return end
  redis.call('ZADD', JOURNAL, 0, doubt(token, id, string.match(known, '[^ ]*$')))
  redis.call('HDEL', CHANNEL .. '/facts', id)
end

-- Who took words from what: references behind one another in pages of so many bytes, each a field.
local PAGE = 1000

local function pages(key, source)
  local found, page = {}, 0
  while true do
    local field = page == 0 and source or source .. '\t' .. page
    local value = redis.call('HGET', key, field)
    if not value then return found, field end
    found[#found + 1], page = { field = field, value = value }, page + 1
  end
end

local function cite(key, source, reference)
  local found, new = pages(key, source)
  local last = found[#found]
  if not last or #last.value + #reference > PAGE then
    redis.call('HSET', key, new, reference)
  elseif not string.find('\n' .. last.value .. '\n', '\n' .. reference .. '\n', 1, true) then
    redis.call('HSET', key, last.field, last.value .. '\n' .. reference)
  end
end

local function cited_by(key, source)
  local references = {}
  for _, page in ipairs(pages(key, source)) do
    for each in string.gmatch(page.value, '[^\n]+') do references[#references + 1] = each end
  end
  return references
end

local function uncite(key, source)
  for _, page in ipairs(pages(key, source)) do redis.call('HDEL', key, page.field) end
end

-- Whether something is still as a reply read it before it took words from it: a message at a version, or,
-- named '%THREAD/NAME', a segment.
local function stands(id, version)
  local at, name = string.match(id, '^%%([^/]*)/(.*)$')
  if at then return redis.call('HEXISTS', CHANNEL .. ':' .. at .. '/cover', name) == 1 end
  local value = redis.call('HGET', CHANNEL .. ':' .. (home(id) or '') .. '/msg', id)
  return value and string.match(value, '^%a(%d+),') == version
end

-- Does something in another thread of this channel, as if the script were about that one.
local function within(thread, act)
  local conversation, name = CONVERSATION, ARGV[1]
  CONVERSATION, ARGV[1] = CHANNEL .. ':' .. thread, string.match(CHANNEL, '}:(.*)$') .. ':' .. thread
  act()
  CONVERSATION, ARGV[1] = conversation, name
end

-- What a turn reads here is not what it was: a running one begins anew, and what is owed is looked at.
local function disturb()
  unset('text', 'text_revision')
  bump('revision')
  if redis.call('EXISTS', CONVERSATION .. '/owed') == 1 or get('turn') then look(tonumber(get('until') or milliseconds)) end
end

-- The replies to a message, and those that took words from it. A running turn checks what it took.
local function depending(id, thread)
  local found = cited_by(CHANNEL .. '/citedby', id)
  local reply = thread and redis.call('HGET', CHANNEL .. ':' .. thread .. '/replies', id)
  if reply then found[#found + 1] = reply end
  return found
end

local LOST_AT_ONCE = 50 -- messages, beside those that the caller names

-- Messages leave the record, and with them the replies to them, the replies that took words from what goes,
-- and so on, in whichever thread of the channel they stand. What is more than one step takes is written
-- down, as what the sweep has to look at (see persons.py). `told`: see lose.
local function lose_all(ids, told)
  local queue, queued, touched, here = {}, {}, {}, thread_here()
  local function add(more)
    for _, id in ipairs(more) do
      if not queued[id] then queue[#queue + 1], queued[id] = id, true end
    end
  end
  local function take(id)
    local known = redis.call('HGET', CHANNEL .. '/where', id)
    local thread = known and string.match(known, '^[^ ]*')
    if not thread and redis.call('HEXISTS', CONVERSATION .. '/msg', id) == 1 then thread = here end
    add(depending(id, thread))
    uncite(CHANNEL .. '/citedby', id)
    if not thread then return end
    touched[thread] = true
    within(thread, function()
      redis.call('HDEL', CONVERSATION .. '/replies', id)
      local stored, segment = lose(id, told and thread == here)
      if segment and not stored then add({ '%' .. thread .. '/' .. segment }) end
    end)
  end
  add(ids)
  local most, at = #queue + LOST_AT_ONCE, 1
  while queue[at] and at <= most do
    take(queue[at])
    at = at + 1
  end
  for i = at, #queue do redis.call('ZADD', JOURNAL, 0, doubt('lost', queue[i], '')) end
  for thread in pairs(touched) do
    if not told or thread ~= here then within(thread, disturb) end
  end
end

-- How long before its messages expire a conversation is looked after.
local function lead(messages) return math.min(DAY, messages / 2) end

-- Put off by an hour or more: every EXPIRE has to be written to the server's disk, a look costs nothing.
local function extend(whose, kinds, seconds)
  for _, kind in ipairs(kinds) do
    if redis.call('TTL', whose .. kind) < seconds - HOUR then redis.call('EXPIRE', whose .. kind, seconds) end
  end
end

-- Seconds without activity after which messages and the record with its summaries expire.
local function outlive(messages, records)
  extend(CONVERSATION, { '/msg', '/win', '/owed', '/replies', '/posts', '/fresh' }, messages)
  extend(CONVERSATION, { '/rec', '/seg', '/cover', '/sum', '/above', '/leaves', '/debris' }, records)
  extend(CHANNEL, { '/log', '/count', '/epoch' }, messages)
  extend(CHANNEL, { '/where', '/threads', '/citedby' }, records)
  redis.call('ZADD', EXPIRING, whole(milliseconds + (messages - lead(messages)) * 1000), ARGV[1])
  -- In a channel that never falls silent, what expired conversations left behind goes bit by bit.
  for _, id in ipairs(redis.call('HRANDFIELD', CHANNEL .. '/where', 3)) do home(id) end
  for _, source in ipairs(redis.call('HRANDFIELD', CHANNEL .. '/citedby', 1)) do
    local replies = string.gmatch(redis.call('HGET', CHANNEL .. '/citedby', source), '[^\n]+')
    local living = false
    for reply in replies do living = living or home(reply) end
    if not living then redis.call('HDEL', CHANNEL .. '/citedby', source) end
  end
  redis.call('ZREMRANGEBYSCORE', CHANNEL .. '/threads', '-inf', whole(microseconds - (records + DAY) * 1000000))
end

-- How the running turn stands for a holder: nil if it is not theirs.
local function held(turn, fence)
  return get('turn') == turn and get('fence') == fence
end

-- The posts of a turn that ended, and its last fence, for a day or two; nil if it did not.
local function finished(turn)
  local done = redis.call('HGET', CONVERSATION .. '/done/' .. today, turn)
    or redis.call('HGET', CONVERSATION .. '/done/' .. (today - 1), turn)
  if done then return list(string.match(done, '%[.*')), tonumber(string.match(done, '^%d+') or 0) end
end

-- The running turn has these posts too.
local function show(posts)
  local posted = list(get('posted'))
  local fresh = without(posts, posted)
  for _, id in ipairs(fresh) do posted[#posted + 1] = id end
  if #fresh > 0 then set('posted', encode(posted)) end
end

-- Posts of a finished turn that are none of its reply: the sweep removes them.
local function stray(turn, ids)
  local known = list(redis.call('HGET', CONVERSATION .. '/debris', turn))
  for _, id in ipairs(without(without(ids, finished(turn)), known)) do known[#known + 1] = id end
  if #known == 0 then return end
  redis.call('HSET', CONVERSATION .. '/debris', turn, cjson.encode(known))
  redis.call('EXPIRE', CONVERSATION .. '/debris', 30 * DAY, 'NX')
  look_again()
end

local function finish(turn, ids)
  redis.call('HSET', CONVERSATION .. '/done/' .. today, turn, get('fence') .. encode(ids))
  redis.call('EXPIRE', CONVERSATION .. '/done/' .. today, 2 * DAY, 'NX')
  for i = 2, #ids do posted_once(ids[i]) end
  unset('turn', 'claims', 'anchor', 'began', 'state', 'stopped', 'attempt', 'failures', 'posted', 'text',
    'text_revision', 'token', 'until', 'based', 'dirty')
end
