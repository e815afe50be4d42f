/* SPDX-License-Identifier: ISC */
/* check: examine the whole chain, from the configuration to the poller's view, and say how to repair each fault. */
#include <errno.h>
#include <grp.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cmd_table.h"
#include "doctor.h"
#include "out.h"

/* ---- the configuration, and who may read ---- */

static bool
in_group(gid_t group)
{
	gid_t groups[256];
	int n = getgroups((int)(sizeof(groups) / sizeof(groups[0])), groups);
	if (getegid() == group)
		return true;
	for (int i = 0; i < n; i++)
		if (groups[i] == group)
			return true;
	return false;
}

static void
look_at_group(struct doctor *d)
{
	const char *name = d->cli->conf->group;
	const struct group *group = *name ? getgrnam(name) : NULL;

	d->group = group ? group->gr_gid : DOCTOR_NO_GROUP;
	if (!*name)
		doctor_tell(d, DOCTOR_WARN, "group", "set group = \"ipsecmon\" in ipsecmon.conf, and restart ipsecmond",
			    "not set: an agent that is not root cannot read segments or send requests");
	else if (!group)
		doctor_tell(d, DOCTOR_FAIL, "group", "create it: systemd-sysusers, or addgroup --system",
			    "there is no group '%s' on this machine", name);
	else if (geteuid() != 0 && !in_group(d->group))
		doctor_tell(d, DOCTOR_WARN, "group", "adduser YOU GROUP, and log in again; or run this as root",
			    "you are not in '%s': the results below are your view", name);
	else
		doctor_tell(d, DOCTOR_OK, "group", NULL, "%s", name);
}

static struct conf *
look_at_conf(struct doctor *d)
{
	const char *path = d->cli->conf_file ? d->cli->conf_file : DEFAULT_CONF;
	char error[512];
	struct conf *conf = conf_load(d->cli->conf_file, error, sizeof(error));

	if (!conf) {
		doctor_tell(d, DOCTOR_FAIL, "configuration",
			    "correct it; see ipsecmon.conf(5). Nothing else was checked", "%s", error);
		return NULL;
	}
	if (access(path, F_OK) < 0)
		doctor_tell(d, DOCTOR_OK, "configuration", NULL, "no %s: all settings have their defaults", path);
	else
		doctor_tell(d, DOCTOR_OK, "configuration", NULL, "%s", path);
	d->cli->conf = conf;
	look_at_group(d);
	return conf;
}

static bool
is_memory(const struct statfs *fs)
{
	uint32_t type = (uint32_t)fs->f_type; /* its type is another one on each architecture */
	return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

/* False: the directory cannot be examined further. */
static bool
look_at_run_dir(struct doctor *d)
{
	const char *dir = d->cli->conf->run_dir;
	char owner[DOCTOR_OWNER_MAX];
	struct statfs fs;
	struct stat st;

	if (stat(dir, &st) < 0) {
		doctor_tell(d, DOCTOR_FAIL, "run directory",
			    errno == ENOENT ? "ipsecmond makes it, or systemd-tmpfiles --create: " DOCTOR_START_IT
					    : "run this as root or as a member of the group",
			    "%s: %s", dir, strerror(errno));
		return false;
	}
	doctor_owner(&st, owner);
	if (!S_ISDIR(st.st_mode)) {
		doctor_tell(d, DOCTOR_FAIL, "run directory", "remove it, and start ipsecmond", "%s is no directory",
			    dir);
		return false;
	}
	if (access(dir, R_OK | X_OK) < 0) {
		doctor_tell(d, DOCTOR_FAIL, "run directory", "adduser YOU GROUP, and log in again; or run this as root",
			    "%s (%s): %s", dir, owner, strerror(errno));
		return false;
	}
	if (st.st_mode & S_IWOTH)
		doctor_tell(d, DOCTOR_FAIL, "run directory", "chmod o-w it: whoever writes there can show anything",
			    "%s (%s): everybody may write", dir, owner);
	else if (d->group != DOCTOR_NO_GROUP && (st.st_gid != d->group || (st.st_mode & 050) != 050) &&
		 (st.st_mode & 05) != 05)
		doctor_tell(d, DOCTOR_FAIL, "run directory",
			    "give it to the group, with mode 0750: systemd-tmpfiles --create does",
			    "%s (%s): the group '%s' cannot read it", dir, owner, d->cli->conf->group);
	else if (statfs(dir, &fs) == 0 && !is_memory(&fs))
		doctor_tell(d, DOCTOR_WARN, "run directory",
			    "choose one on a tmpfs: a segment is memory, and written often", "%s (%s): not on a tmpfs",
			    dir, owner);
	else
		doctor_tell(d, DOCTOR_OK, "run directory", NULL, "%s (%s)", dir, owner);
	return true;
}

/* ---- charon ---- */

/* Try to connect; call this before checking the feeds. Returns 0 or an errno. */
static int
charon_try(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(addr.sun_path))
		return ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc = fd >= 0 && connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0 ? 0 : errno;
	if (fd >= 0)
		close(fd);
	/* A full queue or a denied connection still proves that charon listens. */
	return rc == EAGAIN || rc == EACCES ? 0 : rc;
}

static void
look_at_charon(struct doctor *d)
{
	const char *path = d->cli->conf->vici.socket;
	char owner[DOCTOR_OWNER_MAX];
	struct stat st;

	if (!d->cli->conf->vici.enabled)
		return;
	if (d->charon == ENOENT || stat(path, &st) < 0) {
		doctor_tell(d, d->charon_alone ? DOCTOR_FAIL : DOCTOR_WARN, "charon", DOCTOR_START_CHARON, "%s: %s",
			    path, strerror(d->charon ? d->charon : errno));
		return;
	}
	doctor_owner(&st, owner);
	if (st.st_mode & S_IWOTH)
		doctor_tell(d, DOCTOR_FAIL, "charon", "chmod o-w it, and look into strongswan.conf for who did that",
			    "%s (%s): everybody can control charon", path, owner);
	else if (d->charon)
		doctor_tell(d, DOCTOR_FAIL, "charon", "left by a charon that died: start strongSwan", "%s (%s): %s",
			    path, owner, strerror(d->charon));
	else if (access(path, W_OK) == 0)
		doctor_tell(d, DOCTOR_OK, "charon", NULL, "%s (%s) accepts connections", path, owner);
	else
		doctor_tell(d, DOCTOR_OK, "charon", NULL, "%s (%s) exists; you may not connect, and need not", path,
			    owner);
}

void
cmd_doctor(struct cli *cli, const struct cmd_match *match)
{
	struct doctor d = { .cli = cli, .findings = cli->json ? json_array() : NULL, .group = DOCTOR_NO_GROUP };
	struct conf *conf = look_at_conf(&d);

	(void)match;
	if (conf) {
		d.charon = conf->vici.enabled ? charon_try(conf->vici.socket) : 0;
		if (look_at_run_dir(&d))
			doctor_segments(&d);
		look_at_charon(&d);
		doctor_agentx(&d);
		doctor_views(&d);
		cli->conf = NULL;
		conf_free(conf);
	}
	if (cli->json) {
		json_t *all = json_object();
		out_json_u64(all, "schema", CLI_SCHEMA);
		out_json_bool(all, "ok", d.count[DOCTOR_FAIL] == 0);
		json_object_set_new(all, "findings", d.findings);
		json_dumpf(all, cli->out, JSON_INDENT(1));
		fputc('\n', cli->out);
		json_decref(all);
	} else {
		fprintf(cli->out, "%u ok, %u warnings, %u failed\n", d.count[DOCTOR_OK], d.count[DOCTOR_WARN],
			d.count[DOCTOR_FAIL]);
	}
	if (d.count[DOCTOR_FAIL])
		cli->status = 1;
}
