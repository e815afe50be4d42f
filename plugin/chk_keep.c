/* SPDX-License-Identifier: ISC */
/* The file that keeps a sample until the next check. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "chk_error.h"
#include "chk_rates.h"
#include "hash.h"

void
chk_sample_stamp(struct chk_sample *sample)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	struct timespec ts;
	ssize_t got = 0;

	if (fd >= 0) {
		got = read(fd, sample->boot, sizeof(sample->boot) - 1);
		close(fd);
	}
	sample->boot[got < 0 ? 0 : got] = '\0';
	sample->boot[strcspn(sample->boot, "\n")] = '\0';
	clock_gettime(CLOCK_BOOTTIME, &ts);
	sample->time = (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Open the folder; create it if necessary. Nobody else may write there, or others could redirect our writes. */
static int
folder(const char *dir, char *path, size_t path_size, char *error, size_t size)
{
	struct stat st;
	int fd;

	if (dir)
		snprintf(path, path_size, "%s", dir);
	else
		snprintf(path, path_size, "/var/tmp/check_ipsecmon-%u", (unsigned)geteuid());
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		chk_wrong(error, size, "%s: %s; --state-dir names another folder", path, strerror(errno));
		return -1;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (dir ? 0 : O_NOFOLLOW));
	if (fd < 0 || fstat(fd, &st) != 0) {
		chk_wrong(error, size, "%s: %s; --state-dir names another folder", path, strerror(errno));
	} else if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & 022) != 0) {
		chk_wrong(error, size, "%s: others may write there; --state-dir names another folder", path);
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Names with the same hash share a file. Each check then finds the other's sample, notices this, and has no rate. */
static void
file_name(const char *what, char *name, size_t size)
{
	snprintf(name, size, "%016" PRIx64, ipm_hash64(IPM_HASH64_BEGIN, what, strlen(what)));
}

static bool
read_sample(int dir, const char *name, struct chk_sample *out)
{
	char text[CHK_SAMPLE_MAX];
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t got = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid())
		got = read(fd, text, sizeof(text));
	close(fd);
	return got > 0 && (size_t)got < sizeof(text) && chk_sample_decode(text, (size_t)got, out);
}

/* Replace the sample completely or not at all, even if several checks write at the same time. */
static bool
write_sample(int dir, const char *path, const char *name, const struct chk_sample *sample, char *error, size_t size)
{
	char text[CHK_SAMPLE_MAX], temporary[64];
	size_t len = chk_sample_encode(sample, text, sizeof(text));
	int fd;
	bool good;

	if (len == 0)
		return chk_wrong(error, size, "%s: the state is too long", path);
	snprintf(temporary, sizeof(temporary), "%s.%ld", name, (long)getpid());
	unlinkat(dir, temporary, 0); /* left by a killed check that had our pid */
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return chk_wrong(error, size, "%s: %s; --state-dir names another folder", path, strerror(errno));
	good = write(fd, text, len) == (ssize_t)len;
	good = close(fd) == 0 && good && renameat(dir, temporary, dir, name) == 0;
	if (!good) {
		chk_wrong(error, size, "%s: %s", path, strerror(errno));
		unlinkat(dir, temporary, 0);
	}
	return good;
}

bool
chk_rates_keep(const char *dir, struct chk_sample *now, double *elapsed, const char **why, char *error, size_t size)
{
	struct chk_sample before;
	char path[512], name[32];
	int fd = folder(dir, path, sizeof(path), error, size);
	bool good = true, soon = false;

	if (fd < 0)
		return false;
	file_name(now->what, name, sizeof(name));
	*elapsed = 0;
	if (!read_sample(fd, name, &before)) {
		*why = "this is the first check";
	} else {
		*elapsed = now->time - before.time;
		*why = chk_rates_between(&before, now);
		soon = strcmp(before.boot, now->boot) == 0 && *elapsed >= 0 && *elapsed < CHK_SHORTEST;
	}
	if (!soon)
		good = write_sample(fd, path, name, now, error, size);
	close(fd);
	return good;
}
