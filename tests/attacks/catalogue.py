"""The attack catalogue: each case, the tests that prove it, and what has no part yet.

A test is named by its file below `tests/` and its function. `open` says what a case asks
for beyond these tests, and why it is not there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    tests: tuple[str, ...] = ()
    open: str = ""


INSTALLING = "bot/platforms/slack/test_installing.py::"
INSTALLATIONS = "bot/store/test_installations.py::"
HOME_TAB = "bot/platforms/slack/test_home.py::"
SLACK = "bot/platforms/slack/test_routes.py::"
SIGNATURE = "bot/platforms/slack/test_signature.py::"
SLACK_READING = "bot/platforms/slack/test_parser.py::"
SLACK_SENDER = "bot/platforms/slack/test_sender.py::"
SLACK_MARKUP = "bot/platforms/slack/test_markup.py::"
SLACK_BLOCKS = "bot/platforms/slack/test_blocks.py::"
WECOM = "bot/platforms/wecom/test_routes.py::"
ENVELOPE = "bot/platforms/wecom/test_envelope.py::"
WECOM_READING = "bot/platforms/wecom/test_robot_parser.py::"
WECOM_APP = "bot/platforms/wecom/test_app_parser.py::"
WECOM_MARKUP = "bot/platforms/wecom/test_markup.py::"
MATTERMOST = "bot/platforms/mattermost/test_routes.py::"
MATTERMOST_READING = "bot/platforms/mattermost/test_parser.py::"
MATTERMOST_CONNECTION = "bot/platforms/mattermost/test_connection.py::"
MATTERMOST_MARKUP = "bot/platforms/mattermost/test_markup.py::"
MATTERMOST_PRESENTER = "bot/platforms/mattermost/test_presenter.py::"
LATER = "bot/platforms/wecom/test_response_url.py::"
MATTERMOST_BUTTONS = "bot/platforms/mattermost/test_action_signature.py::"
MATTERMOST_HOOKS = "bot/platforms/mattermost/test_outgoing_hooks.py::"
MATTERMOST_SENDER = "bot/platforms/mattermost/test_sender.py::"
SERVER = "bot/web/test_server.py::"
INBOX = "bot/store/test_inbox.py::"
ASK = "bot/commands/ask/test_reply.py::"
DIAL = "bot/commands/threshold/test_dial.py::"
RIGHTS = "bot/responder/test_rights.py::"
OUTSIDERS = "bot/commands/admin/test_permissions.py::"
SOURCE = "engine/source/test_"
ENGINE = "engine/web/test_routes.py::"
CLIENT = "bot/engine_client/test_client.py::"
PLANTED = "attacks/test_planted_secrets.py::"
PROCESSES = "attacks/test_planted_secrets_in_processes.py::"
VALUES = "attacks/test_senseless_values.py::"
EXPORT = "bot/commands/export/test_reply.py::"
COSTLY = "attacks/test_costly_texts.py::"

SIGNING_IN = "bot/console/test_signing_in.py::"
CONSOLE = "bot/console/test_routes.py::"
HOSTILE = "bot/console/test_hostile.py::"

CATALOGUE: dict[str, Case] = {
    "SEC01": Case(
        (
            f"{SLACK}test_what_is_not_authentic_is_401_and_leaves_one_line",
            f"{SIGNATURE}test_one_changed_byte_is_a_forgery",
            f"{WECOM}test_what_is_not_authentic_is_401_and_tells_nothing_apart",
            f"{MATTERMOST}test_a_command_is_proved_by_its_token",
            f"{MATTERMOST}test_a_webhook_is_proved_by_its_own_token",
            f"{MATTERMOST}test_an_altered_context_is_refused",
            f"{MATTERMOST}test_a_button_of_another_channel_or_of_nobody_is_refused",
        ),
    ),
    "SEC02": Case((f"{SIGNATURE}test_five_minutes_are_fresh_on_both_sides",)),
    "SEC03": Case(
        (
            f"{SIGNATURE}test_only_ten_digits_are_a_timestamp",
            f"{ENVELOPE}test_only_ten_digits_are_a_timestamp",
        )
    ),
    "SEC04": Case(
        (
            f"{WECOM}test_a_callback_of_yesterday_is_refused",
            f"{WECOM}test_an_event_of_yesterday_in_a_fresh_envelope_is_put_aside",
            f"{WECOM_APP}test_a_message_of_yesterday_is_put_aside",
            f"{MATTERMOST}test_a_request_is_of_its_person_and_of_now",
            f"{MATTERMOST}test_a_copied_webhook_does_not_stay_good",
        )
    ),
    "SEC05": Case(
        (
            f"{ENVELOPE}test_every_forgery_is_refused_at_its_step",
            f"{ENVELOPE}test_a_signed_block_of_any_plain_bytes_is_opened_or_refused",
            f"{WECOM}test_no_negative_vector_gets_further_than_a_short_refusal",
            f"{WECOM}test_what_is_not_authentic_is_401_and_tells_nothing_apart",
            f"{WECOM}test_two_encrypted_elements_are_400",
            f"{WECOM}test_no_refusal_can_be_told_from_another_by_its_time",
        )
    ),
    "SEC06": Case(
        (
            f"{SLACK}test_the_challenge_is_answered_only_when_signed",
            f"{WECOM}test_verification_gives_back_the_exact_bytes",
            f"{WECOM}test_a_verification_that_looks_like_a_page_is_plain_text",
        )
    ),
    "SEC07": Case(
        (
            "walks/test_slack.py::test_a_repeated_event_is_answered_once",
            f"{INBOX}test_twenty_repeats_at_once_are_one_message",
            "faults/test_platform.py::test_a_redelivery_is_acknowledged_and_answered_once",
            "bot/store/test_retention.py::test_keys_are_kept_three_days_whatever_is_configured",
            f"{MATTERMOST_CONNECTION}test_another_process_goes_on_where_the_first_one_stopped",
        )
    ),
    "SEC08": Case(
        (
            f"{WECOM}test_an_event_without_an_id_is_answered_once",
            f"{SLACK_READING}test_a_command_without_trigger_is_known_by_its_body_and_time",
            f"{MATTERMOST}test_a_repeat_is_taken_once",
            f"{MATTERMOST_HOOKS}test_what_comes_both_ways_is_answered_once_in_its_thread",
        ),
    ),
    "SEC09": Case(
        (
            f"{SLACK}test_both_secrets_are_taken_while_one_is_replaced",
            f"{SIGNATURE}test_both_secrets_count_while_one_is_replaced_and_an_empty_one_never",
            "faults/test_kill.py::test_a_stop_under_full_load_finishes_what_is_under_way_and_frees_the_rest",
        )
    ),
    "SEC10": Case(
        (
            f"{SLACK_READING}test_what_is_not_said_to_us_is_ignored",
            f"{MATTERMOST_READING}test_what_nobody_says_to_us_is_passed_over",
            f"{MATTERMOST_CONNECTION}test_bots_edits_and_rooms_of_other_servers_do_not_wake_us",
            f"{MATTERMOST_HOOKS}test_what_bots_and_we_ourselves_post_asks_nothing",
            f"{MATTERMOST_HOOKS}test_a_room_shared_with_another_server_is_not_answered",
            "attacks/test_floods.py::test_a_flooded_channel_takes_nothing_from_ten_quiet_ones",
        ),
    ),
    "SEC11": Case(
        (
            f"{WECOM}test_entities_are_refused_before_they_are_expanded",
            f"{ENVELOPE}test_what_is_no_xml_envelope_is_malformed",
        )
    ),
    "SEC12": Case(
        (
            f"{SLACK}test_signed_nonsense_is_refused_for_good",
            f"{WECOM}test_deep_nesting_is_400_and_the_next_request_is_served",
        )
    ),
    "SEC13": Case(
        (
            f"{SERVER}test_a_body_beyond_the_limit_is_refused_without_being_read",
            f"{SERVER}test_what_cannot_be_a_request_is_400_and_no_error_of_ours",
            f"{SLACK}test_too_much_is_refused_before_it_is_read",
            f"{WECOM}test_a_large_body_is_413_and_an_inflated_one_415",
            f"{ENGINE}test_a_body_over_the_limit_is_not_read",
            "engine/web/test_server.py::test_what_no_route_sees_is_refused_in_the_words_of_the_contract",
            "engine/web/test_browsers.py::test_a_body_is_of_the_declared_kind_and_a_parameter_is_given_once",
        )
    ),
    "SEC14": Case(
        (
            f"{SLACK}test_nothing_is_inflated",
            f"{WECOM}test_a_large_body_is_413_and_an_inflated_one_415",
            f"{ENGINE}test_a_body_of_another_kind_is_not_read",
        )
    ),
    "SEC15": Case(
        (
            f"{SLACK}test_a_broken_shape_is_200_and_put_aside",
            f"{SLACK}test_what_is_not_for_us_is_200_and_counted",
            f"{WECOM_READING}test_a_known_type_in_a_broken_shape_is_put_aside",
            f"{SLACK_READING}test_a_click_of_more_actions_than_slack_sends_is_put_aside_as_one",
            f"{WECOM_READING}test_events_of_unknown_types_are_ignored",
            "bot/store/test_quarantine.py::test_quarantine_keeps_what_could_not_be_understood",
            "bot/console/test_operators.py::test_what_was_put_aside_is_shown_to_whose_it_is",
        ),
    ),
    "SEC16": Case(
        (
            f"{VALUES}test_forty_thousand_characters_are_answered_and_said_to_be_cut",
            f"{ASK}test_a_very_long_question_is_cut_and_says_so",
            f"{ASK}test_a_blank_question_gets_the_help_page",
            f"{ASK}test_half_a_character_and_nul_never_reach_engine_or_store",
            f"{SLACK_MARKUP}test_a_name_does_not_turn_the_sentence_it_stands_in",
            f"{COSTLY}test_stacked_marks_are_parted_into_as_few_messages_as_other_text",
            f"{WECOM_MARKUP}test_what_hides_or_turns_the_writing_is_taken_out",
        ),
    ),
    "SEC17": Case(
        (
            f"{SOURCE}documents.py::test_what_inflates_a_thousand_times_is_refused_unopened",
            f"{SOURCE}documents.py::test_a_part_that_leads_out_of_the_file_is_refused",
            f"{SOURCE}documents.py::test_a_workbook_of_too_many_rows_is_refused_at_the_row",
            f"{SOURCE}tables.py::test_a_broken_table_names_file_and_row",
            f"{SOURCE}sources.py::test_a_failing_source_keeps_its_last_good_content_and_the_others_go_on",
        )
    ),
    "SEC18": Case(
        (
            f"{SLACK_SENDER}test_a_response_address_elsewhere_is_never_connected_to",
            f"{SLACK_SENDER}test_a_redirect_is_not_followed",
            f"{LATER}test_no_other_spelling_is_connected_to",
        )
    ),
    "SEC19": Case(
        (
            f"{SOURCE}web.py::test_a_body_without_end_is_cut_off",
            f"{SOURCE}web.py::test_a_byte_now_and_then_does_not_hold_the_reader",
            f"{SOURCE}web.py::test_a_packed_body_is_counted_as_it_unfolds",
            f"{SOURCE}web.py::test_another_host_is_not_followed_to",
            f"{SOURCE}web.py::test_the_users_netrc_is_never_sent",
            f"{SOURCE}web.py::test_a_web_page_is_not_taken_for_a_table",
            f"{SOURCE}web.py::test_a_certificate_that_nobody_vouches_for_is_refused",
        )
    ),
    "SEC20": Case(
        (
            f"{PROCESSES}test_the_engine_is_reached_from_this_machine_only_unless_told_otherwise",
            f"{ENGINE}test_without_the_token_nothing_is_told",
            "engine/web/test_browsers.py::test_no_web_page_adds_an_entry_without_a_token",
            "engine/web/test_browsers.py::test_no_web_page_changes_anything_else",
            "engine/web/test_browsers.py::test_a_name_that_a_page_has_pointed_here_reads_nothing",
            "attacks/test_openapi.py::test_every_answer_is_one_that_the_document_describes",
            f"{CLIENT}test_a_refused_token_names_the_keys_to_compare",
            f"{PLANTED}test_no_secret_stands_in_an_answer_a_reply_or_a_file",
        )
    ),
    "SEC21": Case(
        (
            f"{PLANTED}test_every_secret_was_shown_to_those_it_is_for",
            f"{PLANTED}test_no_secret_stands_in_the_log",
            f"{PLANTED}test_no_secret_is_even_handed_to_the_log",
            f"{PLANTED}test_no_secret_stands_in_an_answer_a_reply_or_a_file",
            f"{PLANTED}test_no_secret_stands_in_the_metrics_or_the_dead_letters",
            f"{PLANTED}test_no_secret_stands_on_a_page_of_the_console",
            f"{PLANTED}test_nothing_configured_is_stored",
            f"{PROCESSES}test_the_engine_tells_no_secret_of_its_sources_or_its_token",
            f"{PROCESSES}test_the_bot_tells_no_secret_when_it_cannot_start",
            f"{PROCESSES}test_an_address_that_is_logged_holds_no_password",
        ),
        "core files hold whatever the memory held; SECURITY.md says to switch them off",
    ),
    "SEC22": Case(
        (
            f"{SLACK_MARKUP}test_foreign_text_neither_rings_nor_links",
            f"{SLACK_BLOCKS}test_every_answer_fits_and_is_inert",
            f"{WECOM}test_foreign_text_rings_nobody_and_forges_no_link",
            f"{WECOM_MARKUP}test_nobody_is_rung",
            f"{MATTERMOST_MARKUP}test_what_rings_in_a_post_and_never_once_it_is_inert",
            f"{MATTERMOST_PRESENTER}test_hostile_text_in_every_field_is_inert",
            f"{MATTERMOST_MARKUP}test_inert_text_formats_nothing_rings_nobody_and_reads_the_same",
            f"{MATTERMOST_SENDER}test_hostile_text_rings_nobody",
        ),
    ),
    "SEC23": Case(
        (
            f"{SLACK_MARKUP}test_a_link_goes_where_it_says",
            f"{SLACK_MARKUP}test_only_web_addresses_become_links",
            f"{WECOM_MARKUP}test_a_link_goes_where_it_says",
            f"{MATTERMOST_MARKUP}test_a_link_goes_where_it_says",
            f"{MATTERMOST_MARKUP}test_a_link_is_one_link_or_none",
        )
    ),
    "SEC24": Case(
        (
            f"{VALUES}test_no_question_starts_a_formula_in_the_export_and_all_are_read_back",
            "bot/test_csv_cells.py::test_no_reader_finds_a_formula_whatever_parts_its_cells",
            "bot/test_csv_cells.py::test_what_was_guarded_is_the_text_again",
            "bot/commands/export/test_reply.py::test_what_is_written_is_read_back",
            "engine/test_csv_cells.py::test_no_cell_of_an_evaluation_is_a_formula",
        )
    ),
    "SEC25": Case(
        (
            "bot/process/test_logs.py::test_an_event_stays_on_its_own_line",
            "bot/process/test_logs.py::test_a_forged_record_is_only_text",
            "engine/test_logs.py::test_a_forged_record_stays_inside_its_field",
            "engine/cli/test_plain.py::test_no_text_steers_the_terminal",
        )
    ),
    "SEC26": Case(
        (
            "bot/web/test_files.py::test_a_link_gives_its_file_to_be_saved_and_not_shown",
            f"{CONSOLE}test_hostile_texts_stay_text",
            f"{HOSTILE}test_no_page_brings_a_text_to_life",
            f"{HOSTILE}test_nothing_runs_in_a_real_browser",
            f"{CONSOLE}test_a_formula_is_inert_in_the_file",
        )
    ),
    "SEC27": Case(
        (
            f"{RIGHTS}test_where_only_admins_may_others_change_nothing_and_learn_who_may",
            f"{RIGHTS}test_every_command_that_changes_something_is_among_those_tried_below",
            f"{RIGHTS}test_a_refused_change_is_told_to_the_operator",
            f"{RIGHTS}test_where_only_admins_may_others_cannot_turn_the_dial_either",
            f"{RIGHTS}test_a_message_without_a_person_changes_nothing",
        ),
        "a refused attempt is a line in the log and, like any message, a row of the inbox; it has no audit"
        " row of its own",
    ),
    "SEC28": Case(
        (
            f"{DIAL}test_a_click_on_another_channels_answer_finds_nothing",
            "bot/store/test_settings_and_history.py::test_an_answer_is_readable_by_its_own_channel_only",
            f"{WECOM}test_a_stream_is_told_to_its_own_room_only",
            f"{MATTERMOST}test_a_button_of_another_channel_or_of_nobody_is_refused",
            "bot/web/test_files.py::test_what_we_did_not_sign_gives_nothing",
            f"{CONSOLE}test_a_foreign_channel_looks_like_one_that_is_not",
            "bot/console/test_questions.py::test_a_decision_of_another_channel_is_none",
            "bot/console/test_operators.py::test_an_admin_sees_and_tries_what_is_their_workspaces_alone",
        )
    ),
    "SEC29": Case(
        (
            f"{RIGHTS}test_where_only_admins_may_others_cannot_turn_the_dial_either",
            "bot/cli/test_operator.py::test_an_admin_by_a_code_is_listed_and_taken_away_again",
            f"{CONSOLE}test_rights_that_are_taken_away_are_gone_with_the_next_request",
            f"{HOSTILE}test_an_admin_who_is_removed_is_signed_out_everywhere",
        ),
        "rights are looked up at the click, not at the drawing of the button, and anew with every request",
    ),
    "SEC30": Case(open="the sheet has no case of this number"),
    "SEC31": Case(
        (
            f"{VALUES}test_a_senseless_value_is_refused_in_a_sentence_and_changes_nothing",
            f"{VALUES}test_a_wrong_value_is_told_to_the_person_alone_with_the_range",
            "bot/texts/test_wording.py::test_a_name_in_braces_stays_a_name",
            f"{ENGINE}test_a_wrong_question_is_answered_with_the_reason",
        )
    ),
    "SEC32": Case(
        (
            f"{SIGNING_IN}test_a_form_without_its_token_or_with_anothers_changes_nothing",
            f"{SIGNING_IN}test_a_link_is_not_signed_in_by_a_forged_form",
            f"{CONSOLE}test_what_changes_something_takes_no_get",
        )
    ),
    "SEC33": Case((f"{SIGNING_IN}test_robots_that_fetch_the_link_do_not_use_it_up_and_get_no_login",)),
    "SEC34": Case(
        (
            f"{WECOM}test_wrong_codes_are_limited",
            f"{SIGNING_IN}test_unknown_altered_and_used_links_are_told_apart_by_nothing",
            f"{HOSTILE}test_guessing_links_finds_none_and_locks_nobody_out",
        ),
        "admin codes; the console has no password, and a link is 256 random bits",
    ),
    "SEC35": Case(
        (
            f"{SIGNING_IN}test_the_cookie_is_host_bound_secure_unreadable_and_new_at_each_login",
            f"{SIGNING_IN}test_a_login_dies_at_sign_out_after_eight_idle_hours_and_after_seven_days",
            f"{SIGNING_IN}test_own_logins_are_listed_and_ended_and_nobody_elses",
        )
    ),
    "SEC36": Case(
        (
            "attacks/test_headers.py::test_every_answer_has_the_safe_headers_and_no_banner",
            f"{CONSOLE}test_a_route_lets_in_whom_it_should",
            f"{HOSTILE}test_every_kind_of_answer_has_the_safe_headers",
        )
    ),
    "SEC37": Case(
        (
            "faults/test_floods.py::test_one_person_who_floods_is_told_once_and_every_event_is_acknowledged",
            "attacks/test_floods.py::test_after_a_quiet_minute_the_flood_is_forgotten",
        )
    ),
    "SEC38": Case(
        (
            "faults/test_floods.py::test_one_channel_that_floods_leaves_the_others_their_answers",
            "attacks/test_floods.py::test_a_flooded_channel_takes_nothing_from_ten_quiet_ones",
        )
    ),
    "SEC39": Case(
        (
            f"{SERVER}test_a_client_that_takes_too_long_is_cut_however_it_drips",
            "faults/test_floods.py::test_slow_clients_are_cut_and_take_nothing_from_the_others",
            "engine/web/test_server.py::test_a_client_that_takes_too_long_is_cut_however_it_drips",
        )
    ),
    "SEC40": Case(
        (
            f"{COSTLY}test_no_pattern_hesitates_over_a_long_run_of_anything",
            f"{COSTLY}test_no_pattern_hesitates_over_any_two_characters_in_turn",
            f"{COSTLY}test_twice_the_text_is_twice_the_work",
            "engine/encoder/test_batcher.py::test_a_full_line_refuses_at_once",
            "engine/encoder/test_batcher.py::test_pieces_are_small_and_leave_nothing_out",
            "bot/commands/base/test_rate_limit.py::test_memory_is_bounded",
            f"{ENVELOPE}test_the_memory_of_replays_is_bounded",
        )
    ),
    "SEC41": Case(
        (
            "bot/test_weak_secrets.py::test_the_bot_starts_with_no_weak_secret_and_names_the_key",
            "bot/test_weak_secrets.py::test_no_key_that_is_a_secret_goes_without_being_looked_at",
            "engine/test_weak_secrets.py::test_the_engine_starts_with_no_weak_secret_and_names_the_key",
        )
    ),
    "SEC42": Case(
        (
            "bot/domain/test_membership.py::test_one_word_against_somebody_is_enough_and_for_them_all_must_speak",
            f"{OUTSIDERS}test_every_command_but_asking_and_help_is_refused",
            f"{OUTSIDERS}test_their_clicks_turn_no_dial_and_teach_nothing",
            f"{OUTSIDERS}test_a_code_makes_no_admin_of_an_outsider_and_stays_good",
            f"{SLACK_READING}test_an_event_of_somebody_elses_workspace_says_so",
            f"{SLACK_READING}test_a_click_of_somebody_elses_workspace_says_so",
            "bot/platforms/slack/test_user_names.py::test_only_a_full_member_of_our_workspace_is_one",
            "bot/platforms/mattermost/test_people.py::test_only_full_members_of_this_server_are_members",
            "bot/platforms/wecom/test_membership.py::test_an_id_says_whether_it_is_a_colleagues",
            "walks/test_outsiders.py::test_a_guest_and_a_partner_ask_and_turn_no_dial",
        )
    ),
    "SEC43": Case(
        (
            f"{WECOM}test_no_callback_and_no_answer_of_ours_is_read_out_by_the_verification",
            f"{WECOM}test_verification_gives_back_nothing_that_may_be_a_message",
        )
    ),
    "SEC44": Case((f"{EXPORT}test_who_voted_on_a_question_that_was_asked_privately_is_not_named",)),
    # Nothing in a click's headers proves anything: whoever finds the address can send one.
    "SEC45": Case(
        (
            f"{MATTERMOST}test_an_altered_context_is_refused",
            f"{MATTERMOST}test_a_button_of_another_channel_or_of_nobody_is_refused",
            f"{MATTERMOST}test_a_menus_choice_must_have_been_on_offer",
            f"{MATTERMOST}test_without_a_secret_no_click_is_believed",
            f"{MATTERMOST_BUTTONS}test_a_context_that_was_altered_is_forged",
            f"{MATTERMOST_BUTTONS}test_no_secret_believes_nothing_not_even_what_it_would_sign_itself",
        )
    ),
    # Commands carry no signature and no time: a copy would be good for ever.
    "SEC46": Case(
        (
            f"{MATTERMOST}test_a_request_is_of_its_person_and_of_now",
            f"{MATTERMOST}test_a_repeat_is_taken_once",
            f"{MATTERMOST}test_without_a_token_of_ours_nobody_is_believed",
        )
    ),
    # The address for later answers comes with a command, and is a credential.
    "SEC47": Case(
        (
            f"{MATTERMOST_SENDER}test_an_address_of_another_host_is_never_called",
            f"{MATTERMOST_SENDER}test_what_is_private_goes_through_the_address_of_its_command",
            f"{MATTERMOST}test_an_authentic_command_of_another_shape_is_kept_without_its_secrets",
        )
    ),
    "SEC48": Case(
        (
            f"{INSTALLING}test_a_state_of_another_browser_of_nobody_or_used_is_refused",
            f"{INSTALLING}test_of_eight_that_come_back_at_once_one_installs",
            f"{INSTALLATIONS}test_of_eight_at_once_exactly_one_uses_a_state_up",
            f"{INSTALLATIONS}test_a_state_expires",
            f"{INSTALLING}test_a_code_is_good_once",
            f"{INSTALLING}test_a_workspace_that_is_not_listed_gets_nothing_and_keeps_nothing",
            f"{INSTALLING}test_an_answer_about_another_app_is_not_believed",
            f"{INSTALLING}test_under_a_foreign_name_there_is_no_page",
            f"{INSTALLING}test_another_site_cannot_press_the_button",
            f"{INSTALLING}test_a_no_is_told_and_what_slack_says_is_not_repeated",
            f"{INSTALLATIONS}test_states_nobody_comes_back_with_are_bounded_and_forgotten",
        )
    ),
    "SEC49": Case(
        (
            f"{INSTALLATIONS}test_nothing_of_a_token_is_in_the_database",
            f"{INSTALLATIONS}test_a_token_that_is_copied_into_another_row_is_refused",
            f"{INSTALLATIONS}test_without_the_key_no_token_is_read",
            f"{INSTALLATIONS}test_a_copied_database_without_its_key_tells_no_token",
            f"{INSTALLING}test_no_token_is_in_a_log_a_metric_or_the_list",
            f"{INSTALLING}test_two_workspaces_of_one_organisation_answer_each_with_its_own_token",
            f"{INSTALLING}test_a_late_event_of_an_earlier_end_does_not_end_the_new_install",
        )
    ),
    "SEC50": Case(
        (
            f"{HOME_TAB}test_a_guest_sees_nothing_of_ours",
            f"{HOME_TAB}test_somebody_of_another_company_sees_nothing_of_ours",
            f"{HOME_TAB}test_whoever_opens_it_finds_their_own_channels_and_no_others",
            f"{HOME_TAB}test_a_channel_of_others_cannot_be_turned_from_it",
            f"{HOME_TAB}test_a_value_that_was_never_written_is_not_believed",
            f"{HOME_TAB}test_whatever_people_wrote_the_limits_hold_and_nobody_is_rung",
            f"{HOME_TAB}test_the_console_is_opened_by_a_link_in_the_direct_chat_and_never_in_the_view",
        )
    ),
    "SEC51": Case(
        (
            "bot/platforms/slack/test_socket_inbound.py::test_what_is_of_another_app_is_acknowledged_and_not_taken",
            "bot/platforms/slack/test_socket_inbound.py::test_no_payload_makes_it_raise_and_each_is_acknowledged",
            "bot/platforms/slack/test_socket_mode.py::test_without_tls_no_socket_is_opened_beside_a_real_slack",
        )
    ),
    # Outgoing webhooks carry no signature and no id of a request: a token and the time of the post are all.
    "SEC52": Case(
        (
            f"{MATTERMOST}test_a_webhook_is_proved_by_its_own_token",
            f"{MATTERMOST}test_without_a_token_of_a_webhook_none_is_believed",
            f"{MATTERMOST}test_a_copied_webhook_does_not_stay_good",
            f"{MATTERMOST}test_a_webhook_without_a_time_is_refused",
            f"{MATTERMOST_HOOKS}test_what_bots_and_we_ourselves_post_asks_nothing",
        )
    ),
    "supply chain": Case(
        (
            "attacks/test_nothing_is_fetched.py::test_every_pinned_file_has_its_hash",
            "attacks/test_nothing_is_fetched.py::test_what_the_program_depends_on_is_in_the_lock",
            "attacks/test_nothing_is_fetched.py::test_what_is_installed_is_what_the_locks_pin",
            "attacks/test_nothing_is_fetched.py::test_the_build_runs_the_checks_and_the_audit",
            "attacks/test_nothing_is_fetched.py::test_every_exception_of_the_audit_has_a_reason_and_an_end",
            "attacks/test_nothing_is_fetched.py::test_a_search_with_the_bundled_model_asks_nobody",
            "attacks/test_nothing_is_fetched.py::test_the_bot_asks_nobody_but_what_its_configuration_names",
        ),
        "the audit asks a vulnerability database, which not every build reaches: `make audit` and a job of"
        " the workflow; where it is not reached, the audit fails and says so",
    ),
}
