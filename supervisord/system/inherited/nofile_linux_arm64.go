package inherited

const prlimit64 = 261
