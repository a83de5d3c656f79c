SELECT sequence FROM penstock.queue_handed_after($1)
