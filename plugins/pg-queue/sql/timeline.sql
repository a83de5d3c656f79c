SELECT penstock.queue_timeline()
