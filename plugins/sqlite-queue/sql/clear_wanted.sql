DELETE FROM temp.wanted
