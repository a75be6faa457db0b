"""Attacks by requests: forged, replayed, hostile in shape or size, and what the programs fetch themselves."""

from __future__ import annotations

from tests.attacks.case import Case

SLACK = "bot/platforms/slack/test_routes.py::"
SIGNATURE = "bot/platforms/slack/test_signature.py::"
SLACK_CLICKS = "bot/platforms/slack/test_parser_clicks.py::"
SLACK_READING = "bot/platforms/slack/test_parser.py::"
SLACK_API = "bot/platforms/slack/test_web_api.py::"
SLACK_MARKUP = "bot/platforms/slack/test_markup.py::"
WECOM_FORGED = "bot/platforms/wecom/test_routes_forged.py::"
WECOM = "bot/platforms/wecom/test_routes.py::"
ENVELOPE = "bot/platforms/wecom/test_envelope.py::"
WECOM_READING = "bot/platforms/wecom/test_robot_parser.py::"
WECOM_APP = "bot/platforms/wecom/test_app_parser.py::"
WECOM_MARKUP = "bot/platforms/wecom/test_markup.py::"
MATTERMOST = "bot/platforms/mattermost/test_routes.py::"
MATTERMOST_READING = "bot/platforms/mattermost/test_parser.py::"
MATTERMOST_CONNECTION = "bot/platforms/mattermost/test_connection.py::"
LATER = "bot/platforms/wecom/test_response_url.py::"
MATTERMOST_HOOKS = "bot/platforms/mattermost/test_outgoing_hooks.py::"
SERVER = "bot/web/test_server.py::"
INBOX = "bot/store/test_inbox.py::"
ASK = "bot/commands/ask/test_reply.py::"
SOURCE = "engine/source/test_"
ENGINE = "engine/web/test_routes.py::"
CLIENT = "bot/engine_client/test_http.py::"
PLANTED = "attacks/test_planted_secrets.py::"
PROCESSES = "attacks/test_planted_secrets_in_processes.py::"
VALUES = "attacks/test_senseless_values.py::"
COSTLY = "attacks/test_costly_texts.py::"

REQUESTS: dict[str, Case] = {
    "SEC01": Case(
        (
            f"{SLACK}test_what_is_not_authentic_is_401_and_leaves_one_line",
            f"{SIGNATURE}test_one_changed_byte_is_a_forgery",
            f"{WECOM_FORGED}test_what_is_not_authentic_is_401_and_tells_nothing_apart",
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
            f"{WECOM_FORGED}test_a_callback_of_yesterday_is_refused",
            f"{WECOM_FORGED}test_an_event_of_yesterday_in_a_fresh_envelope_is_put_aside",
            f"{WECOM_APP}test_a_message_of_yesterday_is_put_aside",
            f"{MATTERMOST}test_a_request_is_of_its_person_and_of_now",
            f"{MATTERMOST}test_a_copied_webhook_does_not_stay_good",
        )
    ),
    "SEC05": Case(
        (
            f"{ENVELOPE}test_every_forgery_is_refused_at_its_step",
            f"{ENVELOPE}test_a_signed_block_of_any_plain_bytes_is_opened_or_refused",
            f"{WECOM_FORGED}test_no_negative_vector_gets_further_than_a_short_refusal",
            f"{WECOM_FORGED}test_what_is_not_authentic_is_401_and_tells_nothing_apart",
            f"{WECOM_FORGED}test_two_encrypted_elements_are_400",
            f"{WECOM_FORGED}test_no_refusal_can_be_told_from_another_by_its_time",
        )
    ),
    "SEC06": Case(
        (
            f"{SLACK}test_the_challenge_is_answered_only_when_signed",
            f"{WECOM}test_verification_gives_back_the_exact_bytes",
            f"{WECOM_FORGED}test_a_verification_that_looks_like_a_page_is_plain_text",
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
            f"{WECOM_FORGED}test_entities_are_refused_before_they_are_expanded",
            f"{ENVELOPE}test_what_is_no_xml_envelope_is_malformed",
        )
    ),
    "SEC12": Case(
        (
            f"{SLACK}test_signed_nonsense_is_refused_for_good",
            f"{WECOM_FORGED}test_deep_nesting_is_400_and_the_next_request_is_served",
        )
    ),
    "SEC13": Case(
        (
            f"{SERVER}test_a_body_beyond_the_limit_is_refused_without_being_read",
            f"{SERVER}test_what_cannot_be_a_request_is_400_and_no_error_of_ours",
            f"{SLACK}test_too_much_is_refused_before_it_is_read",
            f"{WECOM_FORGED}test_a_large_body_is_413_and_an_inflated_one_415",
            f"{ENGINE}test_a_body_over_the_limit_is_not_read",
            "engine/web/test_server.py::test_what_no_route_sees_is_refused_in_the_words_of_the_contract",
            "engine/web/test_browsers.py::test_a_body_is_of_the_declared_kind_and_a_parameter_is_given_once",
        )
    ),
    "SEC14": Case(
        (
            f"{SLACK}test_nothing_is_inflated",
            f"{WECOM_FORGED}test_a_large_body_is_413_and_an_inflated_one_415",
            f"{ENGINE}test_a_body_of_another_kind_is_not_read",
        )
    ),
    "SEC15": Case(
        (
            f"{SLACK}test_a_broken_shape_is_200_and_put_aside",
            f"{SLACK}test_what_is_not_for_us_is_200_and_counted",
            f"{WECOM_READING}test_a_known_type_in_a_broken_shape_is_put_aside",
            f"{SLACK_CLICKS}test_a_click_of_more_actions_than_slack_sends_is_put_aside_as_one",
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
            f"{SLACK_API}test_a_response_address_elsewhere_is_never_connected_to",
            f"{SLACK_API}test_a_redirect_is_not_followed",
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
}
