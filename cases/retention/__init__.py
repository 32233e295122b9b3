"""The retention rule (保存期限): what is personal is removed when its time is over; what is counted, and the record, stay."""
