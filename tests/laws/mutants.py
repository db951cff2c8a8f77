"""Defects to plant in the scripts: what is there, what stands there instead."""

MUTANTS = {
    "no watermark is checked": {"if tonumber(sent) <= watermark() then return { 'quiet' } end": ""},
    "the newest messages fold, not the oldest": {
        "'/win', after_water(), '+inf', 'BYSCORE', 'LIMIT', 0, ARGV[2]": (
            "'/win', '+inf', after_water(), 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[2]"
        )
    },
    "who lost the lease may conclude": {
        "if not held(turn, fence) then return { 'lost' } end\nif get('state')": "if get('state')"
    },
    "a fold takes messages as they were": {"or message.version ~= version": ""},
    "a deletion leaves the summary": {
        "unpack_message(id), unfold(id)\n": "unpack_message(id), nil\n"
    },
    "an edit leaves the summary": {"unfold(id)\nstrike(": "strike("},
    "forgetting keeps the key": {"      unset('key')\n": "", "set('key', get('next'))": ""},
    "a deletion leaves no tombstone": {"  keep('seen', fingerprint, '-')\n": ""},
    "an edit that came first is not heeded": {
        "tonumber(string.match(pending, '^%d+')) > tonumber(version)": "false"
    },
    "a reply stands though its question changed": {
        "if revision ~= (get('revision') or '0') or not same_key": "if not same_key"
    },
    "what was merged is merged again": {
        "if not made[child] and not redis.call('ZSCORE', CONVERSATION .. '/sum', child)": "if false"
    },
    "what a broken segment was merged with is lost": {
        "redis.call('ZADD', CONVERSATION .. '/sum', string.match(link, ',(.*)$'), child)": ""
    },
    "the reply to a deleted message stays": {"  if reply then found[#found + 1] = reply end\n": ""},
    "other processes do not hear of deletions": {
        "  if read or not told then log('-' .. id) end\n": ""
    },
    "facts outlive their message": {"  strike(id, 'gone')\n": ""},
    "a summary outlives what expired and was deleted": {
        "local thread = known and string.match(known, '^[^ ]*')\n": "local thread = home(id)\n"
    },
    "lost events open no gap": {
        "open_gap(after or '', token, wait > 0 and milliseconds + wait or nil)\n": ""
    },
    "what is written into a reply after its end stays": {
        "holds(ids, id) and fence > 0 and fence < last": "false"
    },
}
REQUIRED = (
    "no watermark is checked",
    "the newest messages fold, not the oldest",
    "who lost the lease may conclude",
)  # in every run of the tests; the others in the long lane
