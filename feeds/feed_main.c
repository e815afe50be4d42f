/* SPDX-License-Identifier: ISC */
/* ipsecmond: feeds on one side, a model segment on the other. */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon.h"
#include "feed.h"

#define FEEDS_MAX    16
#define EVENTS_KEPT  16384
#define SEGMENT_MODE 0640

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	event_base_loopbreak(arg);
}

/* The run directory is made if it is not there; how wide it is open is for whoever made it to say. */
static int
make_run_dir(const struct conf *conf)
{
	if (mkdir(conf->run_dir, 0750) == 0 || errno == EEXIST)
		return 0;
	log_error("%s: %s", conf->run_dir, strerror(errno));
	return -errno;
}

static struct ipm_writer *
open_segment(const struct conf *conf)
{
	char *path = conf_run_path(conf, CONF_SEGMENT);
	struct ipm_writer *writer = NULL;
	struct ipm_error err;
	struct ipm_writer_options opt = {
		.path = path,
		.name = "gateway",
		.capacity = { .ike_sas = conf->capacity.ike_sas,
			      .tunnels = conf->capacity.tunnels,
			      .selectors = conf->capacity.sas,
			      .sas = conf->capacity.sas,
			      .feeds = FEEDS_MAX,
			      .events = EVENTS_KEPT },
		.mode = SEGMENT_MODE,
	};

	if (!path || ipm_writer_open(&writer, &opt, &err) < 0)
		log_error("%s", path ? err.text : "out of memory");
	else if (err.text[0])
		log_warn("%s", err.text);
	free(path);
	return writer;
}

int
main(int argc, char **argv)
{
	struct daemon_options opt;
	struct ipm_writer *writer = NULL;
	struct event_base *base = NULL;
	struct event *term = NULL, *interrupt = NULL;
#if WITH_VICI
	struct feed_vici *vici = NULL;
#endif
	char error[512];
	int status = EXIT_FAILURE;

	daemon_options(argc, argv, "ipsecmond", "Keep the model of this gateway's IPsec state.", &opt);
	log_open("ipsecmond", true); /* what is wrong with the configuration goes to the terminal */
	struct conf *conf = conf_load(opt.conf_file, error, sizeof(error));
	if (!conf) {
		log_error("%s", error);
		return EXIT_FAILURE;
	}
	if (make_run_dir(conf) < 0)
		goto out;
	daemon_start(&opt);
	signal(SIGPIPE, SIG_IGN);
	writer = open_segment(conf);
	base = writer ? event_base_new() : NULL;
	if (!base)
		goto out;
	term = evsignal_new(base, SIGTERM, on_signal, base);
	interrupt = evsignal_new(base, SIGINT, on_signal, base);
	if (!term || !interrupt || event_add(term, NULL) < 0 || event_add(interrupt, NULL) < 0)
		goto out;
#if WITH_VICI
	if (conf->vici.enabled && !(vici = feed_vici_open(base, writer, conf)))
		goto out;
#endif
	log_open("ipsecmond", opt.foreground);
	daemon_ready();
	event_base_dispatch(base);
	status = EXIT_SUCCESS;
out:
#if WITH_VICI
	feed_vici_close(vici);
#endif
	if (term)
		event_free(term);
	if (interrupt)
		event_free(interrupt);
	if (base)
		event_base_free(base);
	ipm_writer_close(writer);
	conf_free(conf);
	return status;
}
