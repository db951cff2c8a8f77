-- Rows in one string, behind their sizes: clients read few things faster.
local function joined(rows)
  local sizes = {}
  for i, row in ipairs(rows) do sizes[i] = #row end
  return { table.concat(sizes, ' '), table.concat(rows) }
end

-- Some fields of a hash, in the order asked for.
local function fields(kind, names)
  return #names > 0 and redis.call('HMGET', CONVERSATION .. kind, unpack(names)) or {}
end

-- All names, and a row of name and value for those that the reader does not hold.
local function listed(kind, names, held)
  local missing, rows = {}, {}
  for _, name in ipairs(names) do
    if not held[name] then missing[#missing + 1] = name end
  end
  for i, value in ipairs(fields(kind, missing)) do
    if value then rows[#rows + 1] = missing[i] .. '\n' .. value end
  end
  return { table.concat(names, '\n'), joined(rows) }
end

-- The first of these messages: as many as an answer holds.
local LARGEST = 4000000  -- bytes
local function fitting(ids)
  local fit, room = {}, LARGEST
  for _, id in ipairs(ids) do
    room = room - redis.call('HSTRLEN', CONVERSATION .. '/msg', id)
    if room < 0 and #fit > 0 then break end
    fit[#fit + 1] = id
  end
  return fit
end

-- Those of the ids that a set or a sorted set has: `ask` gives 0 or nothing for the others.
local function members(ask, kind, ids)
  local found = {}
  local answers = #ids > 0 and redis.call(ask, CONVERSATION .. '/' .. kind, unpack(ids)) or {}
  for i, answer in ipairs(answers) do
    if answer and answer ~= 0 then found[#found + 1] = ids[i] end
  end
  return found
end

-- The record as a reader needs it: unfolded messages, the newest segments (both bounded), which are owed.
-- What it holds (ids, names) is only named, if it was opened with this key and nothing was changed since
-- this revision.
local function snapshot(ids, most_segments, opened_with, as_of, names)
  local key, revision, audience = unpack(fields('/rec', { 'key', 'revision', 'audience' }))
  local held = {}
  if key and key == opened_with and (revision or '0') == as_of then
    for name in string.gmatch(names, '[^\n]+') do held[name] = true end
  end
  local segments = outdated() and {} or redis.call('ZREVRANGE', CONVERSATION .. '/sum', 0, most_segments - 1)
  return {
    key or '', revision or '0', listed('/msg', ids, held), listed('/seg', segments, held),
    members('ZMSCORE', 'owed', ids), redis.call('ZCARD', CONVERSATION .. '/win'), audience or '',
  }
end

-- What a turn reads: what it is to answer, and the newest messages before those that wait for a later turn.
local function newest(limit)
  local claims, ends = list(get('claims')), '+inf'
  local last = #claims > 0 and redis.call('ZSCORE', CONVERSATION .. '/win', claims[#claims])
  if last then
    local waiting = redis.call('ZRANGE', CONVERSATION .. '/owed', '(' .. last, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    ends = waiting[2] and '(' .. waiting[2] or ends
  end
  local found = redis.call('ZRANGE', CONVERSATION .. '/win', ends, after_water(), 'BYSCORE', 'REV', 'LIMIT', 0, limit)
  local back, ids = fitting(found), {}
  for _, id in ipairs(without(claims, back)) do ids[#ids + 1] = id end
  for i = #back, 1, -1 do ids[#ids + 1] = back[i] end
  return ids
end

-- What an index that knows the log up to a number has to learn: epoch, number, the number before
-- the first of it, more, rows, keys.
local function changes(epoch, since, limit)
  local current = redis.call('GET', CHANNEL .. '/epoch') or '0'
  since = epoch == current and tonumber(since) or 0
  -- The log's entries are numbered by how many came before them, those it forgot included.
  local forgotten = tonumber(redis.call('GET', CHANNEL .. '/count') or 0) - redis.call('LLEN', CHANNEL .. '/log')
  local start = math.max(since - forgotten, 0)
  local found = limit > 0 and redis.call('LRANGE', CHANNEL .. '/log', start, start + limit - 1) or {}
  local rows, threads, room, read, here = {}, {}, LARGEST, 0, CONVERSATION
  for _, id in ipairs(found) do
    if room < 0 then break end
    read = read + 1
    local thread = string.match(redis.call('HGET', CHANNEL .. '/where', id) or '-', '^[^ ]*')
    CONVERSATION = CHANNEL .. ':' .. thread
    local value = redis.call('HGET', CONVERSATION .. '/msg', id)
    if value and tonumber(string.match(value, ',(%d+)')) > watermark() then
      threads[thread] = true
      rows[#rows + 1] = thread .. '\n' .. id .. '\n' .. value
      room = room - #value
    elseif string.sub(id, 1, 1) == '-' then
      rows[#rows + 1] = id
    end
  end
  local wrapped = {}
  for thread in pairs(threads) do
    wrapped[#wrapped + 1] = thread
    wrapped[#wrapped + 1] = redis.call('HGET', CHANNEL .. ':' .. thread .. '/rec', 'key') or ''
  end
  CONVERSATION = here
  local number = read > 0 and forgotten + start + read or since
  local more = limit > 0 and (#found == limit or read < #found)
  return { current, number, since, more and 1 or 0, joined(rows), wrapped }
end
