-- More of what an index has to learn. Touches at most so many changes. ARGV: '', epoch, number, most changes
return changes(ARGV[2], ARGV[3], tonumber(ARGV[4]))
