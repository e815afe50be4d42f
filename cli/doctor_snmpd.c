/* SPDX-License-Identifier: ISC */
/* ipsecmon check: snmpd. Its AgentX socket, and what its configuration lets a poller see. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "doctor.h"

#define ANSWER_MS   2000
#define SNMPD_PATH  "/etc/snmp"
#define FLOW_MIB    ".1.3.6.1.4.1.9.9.171"
#define OID_MAX     64
#define VIEWS_MAX   128
#define LINE_WORDS  12
#define INCLUDE_MAX 4 /* depth of included files */

/* ---- the AgentX socket ---- */

/*
 * AgentX Open and Close (RFC 2741, 6.2.1, 6.2.2) in network byte order. A master answers an Open without name and
 * description like any other. The Open registers nothing.
 */
static const uint8_t open_pdu[] = {
	1, 1, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 12, /* header: version, type, flags ... length */
	1, 0, 0,    0, 0, 0, 0, 0, 0, 0, 0, 0                           /* time-out, the null OID, no text */
};

/* Returns 0 when a master has answered. */
static int
talk(int fd)
{
	uint8_t answer[64], close_pdu[24] = { 1, 2, 0x10, 0 };
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	if (send(fd, open_pdu, sizeof(open_pdu), MSG_NOSIGNAL) != (ssize_t)sizeof(open_pdu))
		return -errno;
	int rc = poll(&ready, 1, ANSWER_MS);
	if (rc <= 0)
		return rc < 0 ? -errno : -ETIMEDOUT;
	ssize_t got = recv(fd, answer, sizeof(answer), 0);
	if (got < 28) /* a header, sysUpTime, error, index */
		return got < 0 ? -errno : -EPROTO;
	if (answer[0] != 1 || answer[1] != 18 || answer[24] || answer[25])
		return -EPROTO;
	memcpy(close_pdu + 4, answer + 4, 4); /* the session that the master gave us */
	close_pdu[19] = 4;
	close_pdu[20] = 5; /* reasonShutdown */
	ssize_t sent = send(fd, close_pdu, sizeof(close_pdu), MSG_NOSIGNAL);
	(void)sent;
	return 0;
}

static int
ask_master(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc = fd >= 0 && connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0 ? talk(fd) : -errno;
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Can this group reach the socket and write to it? Ignore the owner and root. @p where: the obstacle. */
static bool
group_reaches(const char *path, gid_t group, char *where, size_t size)
{
	struct stat st;

	for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
		snprintf(where, size, "%.*s", (int)(slash - path), path);
		if (stat(where, &st) < 0)
			return true; /* unknown: assume yes */
		if (!(st.st_mode & (st.st_gid == group ? S_IXGRP : S_IXOTH)))
			return false;
	}
	snprintf(where, size, "%s", path);
	return stat(path, &st) < 0 || (st.st_mode & (st.st_gid == group ? S_IWGRP : S_IWOTH));
}

#define PERMS "set in snmpd.conf: agentXPerms 0660 0711 Debian-snmp GROUP; restart snmpd"

void
doctor_agentx(struct doctor *d)
{
	const char *path = d->cli->conf->agentx.socket;
	char where[256], owner[DOCTOR_OWNER_MAX];
	struct stat st;

	if (stat(path, &st) < 0) {
		doctor_tell(d, DOCTOR_FAIL, "AgentX socket",
			    errno == EACCES
				    ? "run this as root; an agent that is not root needs 0711 for the folder: " PERMS
				    : "set in snmpd.conf: master agentx; restart snmpd; agentXSocket there and "
				      "agentx { socket } in ipsecmon.conf must be the same",
			    "%s: %s", path, strerror(errno));
		return;
	}
	doctor_owner(&st, owner);
	if (d->group != DOCTOR_NO_GROUP && !group_reaches(path, d->group, where, sizeof(where))) {
		if (stat(where, &st) == 0)
			doctor_owner(&st, owner);
		doctor_tell(d, DOCTOR_FAIL, "AgentX socket",
			    strcmp(where, path) == 0
				    ? PERMS
				    : "chmod 0711 it now, because snmpd keeps an existing folder; then " PERMS,
			    "%s (%s): an agent in group '%s' cannot pass", where, owner, d->cli->conf->group);
		return;
	}
	int rc = ask_master(path);
	if (rc == 0)
		doctor_tell(d, DOCTOR_OK, "AgentX socket", NULL, "%s (%s) answers", path, owner);
	else if (rc == -EACCES)
		doctor_tell(d, DOCTOR_WARN, "AgentX socket", "run this as root or as a member of the group",
			    "%s (%s): you may not use it, and the agent's group may", path, owner);
	else if (rc == -ETIMEDOUT || rc == -EAGAIN)
		doctor_tell(d, DOCTOR_FAIL, "AgentX socket", "snmpd hangs or is busy: read its log",
			    "%s (%s): no answer within %d s", path, owner, ANSWER_MS / 1000);
	else
		doctor_tell(d, DOCTOR_FAIL, "AgentX socket", "start snmpd, with master agentx", "%s (%s): %s", path,
			    owner, rc == -EPROTO ? "the other end is not an AgentX master" : strerror(-rc));
}

/* ---- views ---- */

struct oid {
	uint32_t id[OID_MAX];
	unsigned len;
};

/* A line of snmpd.conf that grants somebody access. */
struct access {
	char who[48];   /* "rouser ipsecmon" */
	char view[48];  /* the view's name; "": use oid */
	struct oid oid; /* length 0: everything */
	bool known;     /* false: we do not know the name in the OID */
};

struct snmpd {
	struct {
		char name[48];
		struct oid oid;
		bool included;
	} view[VIEWS_MAX];
	unsigned views;
	struct access access[VIEWS_MAX];
	unsigned accesses;
	bool master, vacm; /* vacm: it has group, access and com2sec lines, which we do not follow */
	unsigned files;
	char unread[256]; /* a file that could not be read; "": none */
};

/* Parse ".1.3.6", "1.3.6", or an OID that begins with a name we know. */
static bool
oid_parse(const char *text, struct oid *out)
{
	static const struct {
		const char *name;
		uint32_t id[8];
		unsigned len;
	} names[] = { { "iso", { 1 }, 1 },
		      { "internet", { 1, 3, 6, 1 }, 4 },
		      { "enterprises", { 1, 3, 6, 1, 4, 1 }, 6 },
		      { "cisco", { 1, 3, 6, 1, 4, 1, 9 }, 7 },
		      { "ciscoMgmt", { 1, 3, 6, 1, 4, 1, 9, 9 }, 8 } };

	out->len = 0;
	text += *text == '.';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strlen(names[i].name);
		if (strncmp(text, names[i].name, len) == 0 && (text[len] == '.' || text[len] == '\0')) {
			memcpy(out->id, names[i].id, sizeof(names[i].id));
			out->len = names[i].len;
			text += len + (text[len] == '.');
			break;
		}
	}
	while (*text) {
		char *end;
		if (!isdigit((unsigned char)*text) || out->len == OID_MAX)
			return false;
		out->id[out->len++] = (uint32_t)strtoul(text, &end, 10);
		if (*end != '.' && *end != '\0')
			return false;
		text = end + (*end == '.');
	}
	return out->len > 0;
}

static bool
oid_below(const struct oid *oid, const struct oid *root)
{
	return oid->len >= root->len && memcmp(oid->id, root->id, root->len * sizeof(root->id[0])) == 0;
}

static int
words_of(char *line, char *word[LINE_WORDS])
{
	char *save = NULL;
	int n = 0;
	for (char *w = strtok_r(line, " \t\r\n", &save); w && *w != '#' && n < LINE_WORDS;
	     w = strtok_r(NULL, " \t\r\n", &save))
		word[n++] = w;
	return n;
}

static void
take_view(struct snmpd *s, int words, char *const *word)
{
	if (words < 4 || s->views == VIEWS_MAX || !oid_parse(word[3], &s->view[s->views].oid))
		return;
	snprintf(s->view[s->views].name, sizeof(s->view[0].name), "%s", word[1]);
	s->view[s->views++].included = strcasecmp(word[2], "included") == 0;
}

/* rouser USER [LEVEL [OID | -V VIEW]], rocommunity COMMUNITY [SOURCE [OID | -V VIEW]], and their rw and 6 variants */
static void
take_access(struct snmpd *s, int words, char *const *word)
{
	bool community = strcasestr(word[0], "community") != NULL;
	if (words < 2 || s->accesses == VIEWS_MAX)
		return;
	struct access *a = &s->access[s->accesses++];
	*a = (struct access){ .known = true };
	/* Hide the community: it is a password. */
	snprintf(a->who, sizeof(a->who), "%.15s%s%.30s", word[0], community ? "" : " ", community ? "" : word[1]);
	if (words > 4 && strcmp(word[3], "-V") == 0)
		snprintf(a->view, sizeof(a->view), "%s", word[4]);
	else if (words > 3)
		a->known = oid_parse(word[3], &a->oid);
}

static void read_file(struct snmpd *s, const char *path, unsigned depth);

static int
is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

static void
read_dir(struct snmpd *s, const char *dir, unsigned depth)
{
	struct dirent **entry = NULL;
	int n = scandir(dir, &entry, is_conf, alphasort);

	if (n < 0 && errno == EACCES)
		snprintf(s->unread, sizeof(s->unread), "%s", dir);
	for (int i = 0; i < n; i++) {
		char path[512];
		snprintf(path, sizeof(path), "%s/%s", dir, entry[i]->d_name);
		read_file(s, path, depth);
		free(entry[i]);
	}
	free(entry);
}

static void
take_line(struct snmpd *s, char *line, unsigned depth)
{
	char *word[LINE_WORDS];
	int n = words_of(line, word);
	if (n < 2)
		return;
	if (strcasecmp(word[0], "view") == 0)
		take_view(s, n, word);
	else if (strcasecmp(word[0], "master") == 0)
		s->master |= strcasecmp(word[1], "agentx") == 0 || strcasecmp(word[1], "all") == 0 ||
			     strcasecmp(word[1], "yes") == 0 || strcasecmp(word[1], "on") == 0;
	else if (strncasecmp(word[0], "rouser", 6) == 0 || strncasecmp(word[0], "rwuser", 6) == 0 ||
		 strncasecmp(word[0], "rocommunity", 11) == 0 || strncasecmp(word[0], "rwcommunity", 11) == 0)
		take_access(s, n, word);
	else if (strcasecmp(word[0], "access") == 0 || strcasecmp(word[0], "authaccess") == 0 ||
		 strcasecmp(word[0], "setaccess") == 0)
		s->vacm = true;
	else if (strcasecmp(word[0], "includeFile") == 0 && depth < INCLUDE_MAX)
		read_file(s, word[1], depth + 1);
	else if (strcasecmp(word[0], "includeDir") == 0 && depth < INCLUDE_MAX)
		read_dir(s, word[1], depth + 1);
}

static void
read_file(struct snmpd *s, const char *path, unsigned depth)
{
	char line[1024];
	FILE *f = fopen(path, "re");
	if (!f) {
		if (errno != ENOENT)
			snprintf(s->unread, sizeof(s->unread), "%s", path);
		return;
	}
	s->files++;
	while (fgets(line, sizeof(line), f))
		take_line(s, line, depth);
	fclose(f);
}

/* The longest subtree that contains the MIB decides (RFC 3415). We assume that every mask is all ones. */
static bool
view_shows(const struct snmpd *s, const char *name, const struct oid *mib)
{
	const struct oid *best = NULL;
	bool shown = false;
	for (unsigned i = 0; i < s->views; i++) {
		const struct oid *oid = &s->view[i].oid;
		if (strcmp(s->view[i].name, name) != 0)
			continue;
		if (s->view[i].included && oid_below(oid, mib))
			return true; /* the view shows a part of the MIB */
		if (oid_below(mib, oid) && (!best || oid->len >= best->len)) {
			best = oid;
			shown = s->view[i].included;
		}
	}
	return shown;
}

#define SHOW_IT                                                                                       \
	"a view and a user for it are in the sample for snmpd.conf: view ipsecmon included " FLOW_MIB \
	"; rouser ipsecmon priv -V ipsecmon"

/* Read snmpd.conf in each directory Net-SNMP searches: SNMPCONFPATH or the default. */
static void
read_all(struct snmpd *s, char *main_file, size_t size)
{
	const char *path = getenv("SNMPCONFPATH");
	size_t len;

	path = path && *path ? path : SNMPD_PATH;
	for (; *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		snprintf(main_file, size, "%.*s/snmpd.conf", (int)len, path);
		read_file(s, main_file, 0);
	}
}

/* List in @p who those who may see the MIB. *unknown: some access could not be evaluated. */
static void
list_viewers(const struct snmpd *s, const struct oid *mib, char *who, size_t size, bool *unknown)
{
	who[0] = '\0';
	*unknown = s->vacm;
	for (unsigned i = 0; i < s->accesses; i++) {
		const struct access *a = &s->access[i];
		bool sees = a->view[0] ? view_shows(s, a->view, mib)
				       : a->known && (oid_below(mib, &a->oid) || oid_below(&a->oid, mib));
		size_t used = strlen(who);
		*unknown |= !a->known;
		if (sees)
			snprintf(who + used, size - used, "%s%s", used ? ", " : "", a->who);
	}
}

void
doctor_views(struct doctor *d)
{
	struct snmpd *s = calloc(1, sizeof(*s));
	char main_file[256] = "", who[512];
	struct oid mib;
	bool unknown;

	if (!s || !oid_parse(FLOW_MIB, &mib)) {
		free(s);
		return;
	}
	read_all(s, main_file, sizeof(main_file));
	list_viewers(s, &mib, who, sizeof(who), &unknown);
	if (s->unread[0])
		doctor_tell(d, DOCTOR_WARN, "snmpd's views", "run this as root", "%s cannot be read by you", s->unread);
	else if (!s->files)
		doctor_tell(d, DOCTOR_WARN, "snmpd's views",
			    "install snmpd, or set SNMPCONFPATH, if its configuration is elsewhere", "there is no %s",
			    main_file);
	else if (who[0])
		doctor_tell(d, DOCTOR_OK, "snmpd's views", NULL, "%s: " FLOW_MIB " is shown to %s", main_file, who);
	else if (unknown)
		doctor_tell(d, DOCTOR_WARN, "snmpd's views", "try a walk of " FLOW_MIB,
			    "%s: with %s, which this check does not evaluate", main_file,
			    s->vacm ? "access lines" : "OIDs by name");
	else
		doctor_tell(d, DOCTOR_FAIL, "snmpd's views", SHOW_IT, "%s: nobody is shown " FLOW_MIB, main_file);
	if (s->files && !s->unread[0] && !s->master)
		doctor_tell(d, DOCTOR_FAIL, "snmpd as a master", "set in snmpd.conf: master agentx; restart snmpd",
			    "%s has no \"master agentx\"", main_file);
	free(s);
}
