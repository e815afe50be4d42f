/* SPDX-License-Identifier: ISC */
/* Settings that survive a restart. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"

#define FILE_MAX 65536
#define KEYS_MAX 64

/* --- reading ------------------------------------------------------------------------------------------------- */

/* Read the whole file and append a NUL. Never block: a FIFO is not a state file. */
static int
read_file(const char *path, char **out)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *text = NULL;
	int rc = 0;

	if (fd < 0)
		return errno == ENOTDIR ? -ENOENT : errno == ELOOP ? -EBADMSG : -errno;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (st.st_uid != geteuid() && st.st_uid != 0)
		rc = -EPERM; /* others can write to the directory: don't trust their files */
	else if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		rc = -EBADMSG;
	else if (!(text = malloc(FILE_MAX + 1)))
		rc = -ENOMEM;
	size_t size = 0;
	while (rc == 0 && size < FILE_MAX) {
		ssize_t got = read(fd, text + size, FILE_MAX - size);
		if (got == 0)
			break;
		if (got > 0)
			size += (size_t)got;
		else if (errno != EINTR)
			rc = -errno;
	}
	close(fd);
	if (rc == 0 && text && memchr(text, '\0', size))
		rc = -EBADMSG;
	if (rc < 0 || !text) {
		free(text);
		return rc;
	}
	text[size] = '\0';
	*out = text;
	return 0;
}

static char *
trim(char *text)
{
	text += strspn(text, " \t");
	size_t len = strlen(text);
	while (len > 0 && strchr(" \t", text[len - 1]))
		text[--len] = '\0';
	return text;
}

static bool
parse_number(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 10 || text[digits])
		return false;
	unsigned long long n = strtoull(text, NULL, 10);
	*out = (uint32_t)n;
	return n >= least && n <= most;
}

/* Parse one line into @p values. False: the line is not a setting. */
static bool
parse_line(const char *path, char *line, const struct state_key *keys, size_t count, uint32_t *values)
{
	line[strcspn(line, "#")] = '\0';
	line = trim(line);
	if (!line[0])
		return true;
	char *value = strchr(line, '=');
	if (!value)
		return false;
	*value++ = '\0';
	char *name = trim(line);
	value = trim(value);
	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].name, name) == 0)
			return parse_number(value, keys[i].least, keys[i].most, &values[i]);
	log_warn("%s: there is no setting '%s'; it is left out", path, name);
	return name[0] != '\0';
}

/* Rename a file that cannot be read, so that the next save doesn't overwrite it. */
static void
put_aside(const char *path)
{
	char *bad;
	if (asprintf(&bad, "%s.bad", path) < 0)
		return;
	if (rename(path, bad) < 0)
		log_error("%s: cannot be renamed: %s", path, strerror(errno));
	else
		log_error("%s: is kept as %s", path, bad);
	free(bad);
}

int
state_load(const char *path, const struct state_key *keys, size_t count)
{
	uint32_t values[KEYS_MAX];
	char *text = NULL, *rest, *line;
	int rc = read_file(path, &text), number = 0;

	if (count > KEYS_MAX)
		count = KEYS_MAX;
	for (size_t i = 0; i < count; i++)
		values[i] = *keys[i].value;
	if (rc == -ENOENT)
		return rc;
	if (rc == 0) {
		for (rest = text; rc == 0 && (line = strsep(&rest, "\n"));) {
			number++;
			if (!parse_line(path, line, keys, count, values))
				rc = -EBADMSG;
		}
		free(text);
	}
	if (rc == -EBADMSG) {
		if (number)
			log_error("%s:%d: this is not a setting; all settings have their defaults", path, number);
		else
			log_error("%s: this is not a settings file; all settings have their defaults", path);
		put_aside(path);
	} else if (rc < 0) {
		log_error("%s: cannot be read: %s", path, rc == -EPERM ? "it belongs to another user" : strerror(-rc));
	}
	for (size_t i = 0; rc == 0 && i < count; i++)
		*keys[i].value = values[i];
	return rc;
}

/* --- writing ------------------------------------------------------------------------------------------------- */

/* Open the directory of @p path for fsync(2). Create it if necessary. */
static int
open_directory(const char *path, gid_t group)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash && slash != path ? strndup(path, (size_t)(slash - path)) : strdup(slash ? "/" : ".");
	if (!dir)
		return -ENOMEM;
	bool made = mkdir(dir, 0750) == 0;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : fd;
	if (made && fd >= 0 && group != (gid_t)-1 && (fchown(fd, (uid_t)-1, group) < 0 || fchmod(fd, 0770) < 0))
		log_warn("%s: cannot be given to the group: %s", dir, strerror(errno));
	free(dir);
	return rc;
}

static int
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, text, len);
		if (put < 0 && errno != EINTR)
			return -errno;
		if (put > 0) {
			text += put;
			len -= (size_t)put;
		}
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static char *
make_text(const struct state_key *keys, size_t count, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);
	if (!f)
		return NULL;
	fputs("# Written by the program. To change it by hand, stop the program first.\n", f);
	for (size_t i = 0; i < count; i++)
		fprintf(f, "%s = %u\n", keys[i].name, *keys[i].value);
	bool failed = ferror(f);
	if (fclose(f) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

/* Open PATH.new. If something there cannot be removed, open PATH.new.XXXXXX, given in @p temp. */
static int
open_new(char *temp)
{
	char *suffix = strrchr(temp, '.');

	*suffix = '\0';
	unlink(temp); /* an unfinished file of an earlier save */
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 || errno != EEXIST)
		return fd;
	*suffix = '.';
	return mkostemp(temp, O_CLOEXEC);
}

static int
save(const char *path, char *temp, const char *text, size_t len, gid_t group)
{
	int dir = open_directory(path, group);
	if (dir < 0)
		return dir;
	int fd = open_new(temp);
	int rc = fd < 0 ? -errno : write_all(fd, text, len);
	if (fd >= 0 && close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(temp, path) < 0)
		rc = -errno;
	if (rc < 0 && fd >= 0)
		unlink(temp);
	if (rc == 0 && fsync(dir) < 0 && errno != EINVAL)
		rc = -errno;
	close(dir);
	return rc;
}

int
state_save(const char *path, const struct state_key *keys, size_t count, gid_t group)
{
	size_t len = 0;
	char *temp = NULL, *text = make_text(keys, count, &len);
	int rc = -ENOMEM;
	if (text && asprintf(&temp, "%s.new.XXXXXX", path) < 0)
		temp = NULL;
	if (text && temp)
		rc = save(path, temp, text, len, group);
	free(temp);
	free(text);
	return rc;
}
