UPDATE penstock.queue_ring SET slot = slot WHERE false
